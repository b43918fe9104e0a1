"""`costs alerts`: what was told and what became of it, silences, and a trial of every address."""

import getpass
import os
import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, NoReturn

import typer

from pipelines.cli.answer import give_answer
from pipelines.cli.decision_options import JsonOption
from pipelines.cli.rows import AsCsv, AsJson, AsParquet, Limit, show_rows
from pipelines.cli.terminal import BAD_INPUT, NEEDS_A_LOOK, console, now, say_error
from pipelines.models.similar_names import did_you_mean

app = typer.Typer(help="Alerts: list, show, silence, test.", no_args_is_help=True, rich_markup_mode=None)

SHORT_ID = 12
"""Digits of an id that a person types; commands take the beginning of one."""
SPAN = re.compile(r"([1-9]\d{0,3})([hd])")
LIST = """
WITH stands AS (
    SELECT alert_id, arg_max(event, event_at) AS state, max(event_at) AS state_since
    FROM main.alert_event WHERE event IN ('firing', 'resolved', 'superseded') GROUP BY alert_id
),
held AS (
    SELECT alert_id, arg_max(event, event_at) AS held, max(event_at) AS held_since
    FROM main.alert_event WHERE event IN ('inhibited', 'silenced') GROUP BY alert_id
),
told AS (
    SELECT alert_id, max(attempted_at) AS told_at FROM main.alert_delivery
    WHERE outcome = 'delivered' GROUP BY alert_id
)
SELECT
    alert.alert_id, alert.severity,
    CASE WHEN state = 'firing' AND held_since >= state_since THEN held ELSE coalesce(state, 'old') END AS state,
    coalesce(state_since, raised_at) AS since, told_at, owner, rule, title
FROM main.alert LEFT JOIN stands USING (alert_id) LEFT JOIN held USING (alert_id) LEFT JOIN told USING (alert_id)
WHERE ($everything OR state = 'firing') AND ($rule IS NULL OR rule = $rule)
ORDER BY list_position(['critical', 'warning', 'info'], severity), since DESC, alert.alert_id
"""
EVENTS = "SELECT event_at, event, because FROM main.alert_event WHERE alert_id = $id ORDER BY event_at"
DELIVERIES = """
SELECT attempted_at, outcome, channel, message_id, error FROM main.alert_delivery WHERE alert_id = $id
ORDER BY attempted_at
"""

Alert = Annotated[str, typer.Argument(help="Id of the alert, or its first digits, as messages name it.")]


@app.command("list")
def list_(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Also those that have ended.")] = False,
    rule: Annotated[str | None, typer.Option(help="Only of this rule.")] = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    parquet: AsParquet = None,
    limit: Limit = None,
) -> None:
    """What fires now, as of the last publishing, the most severe first: held back by a cause or a person included."""
    from pipelines.warehouse.published import PublishedWarehouse

    if rule is not None:
        _check_rule(rule)
    with PublishedWarehouse(context.obj).read() as connection:
        found = connection.sql(LIST, params={"everything": everything, "rule": rule}).pl()
    if console().is_terminal and not (as_json or as_csv or parquet):
        found = found.with_columns(found["alert_id"].str.head(SHORT_ID))
    main = ("alert_id", "severity", "since", "title")
    show_rows(found, as_json=as_json, as_csv=as_csv, parquet=parquet, limit=limit, main=main)


@app.command()
def show(
    context: typer.Context,
    alert: Alert,
    as_json: JsonOption = False,
    as_csv: AsCsv = False,
    parquet: AsParquet = None,
    limit: Limit = None,
) -> None:
    """One alert, what became of it, and which messages told it. Exit code 2: there is none, or several begin so.

    --csv and --parquet have its events, --json the deliveries too.
    """
    from pipelines.cli.views.alerts import print_alert
    from pipelines.warehouse.published import PublishedWarehouse

    with PublishedWarehouse(context.obj).read() as connection:
        query = "SELECT * FROM main.alert WHERE starts_with(alert_id, $id)"
        rows = connection.sql(query, params={"id": alert}).pl().to_dicts()
        row = rows[0] if len(rows) == 1 else _refuse(alert, len(rows))
        key = {"id": row["alert_id"]}
        events, deliveries = (connection.sql(query, params=key).pl().to_dicts() for query in (EVENTS, DELIVERIES))
    answer = {**row, "events": events, "deliveries": deliveries}
    give_answer(answer, "events", print_alert, as_json=as_json, as_csv=as_csv, parquet=parquet, limit=limit)


@app.command()
def silence(
    context: typer.Context,
    alert: Annotated[str | None, typer.Argument(help="Id of an alert, or its beginning: it and its followers.")] = None,
    of: Annotated[
        list[str] | None,
        typer.Option("--of", metavar="KEY=VALUE", help="Of this rule, provider, model, source or owner."),
    ] = None,
    until: Annotated[str, typer.Option(help="End: a day or an instant, UTC, or 12h, 7d from now.")] = "",
    why: Annotated[str, typer.Option(help="Why; it stands in the table.")] = "",
    who: Annotated[str | None, typer.Option(help="Who says so; default: you.")] = None,
    end: Annotated[str | None, typer.Option("--end", help="Id of a silence that is to end now.")] = None,
) -> None:
    """Do not tell some alerts for a while: they are stored, and told then if they still fire."""
    from pipelines.alerts.silence_alerts import end_silence, find_alert, silence_alerts
    from pipelines.warehouse.database import Warehouse

    warehouse, said_by = Warehouse(context.obj), who or getpass.getuser()
    if end is not None:
        if not end_silence(warehouse, end, said_by, now()):
            _wrong(f'no silence {end!r} is in force; `costs sql "FROM raw.silence"` lists them')
        typer.echo(f"silence {end} has ended")
        return
    matched = _matched(of or [])
    if alert is None and not matched:
        _wrong("silence what? name an alert, or --of rule=source_failing, --of model=gpt-4o")
    if not why.strip():
        _wrong('say why: --why "the provider works on it"')
    last = _until(until)
    if alert is not None:
        ids = find_alert(warehouse, alert)
        matched["alert_id"] = ids[0] if len(ids) == 1 else _refuse(alert, len(ids))
    silence_id = silence_alerts(warehouse, matched, said_by, last, why, now())
    typer.echo(f"silence {silence_id} until {last:%Y-%m-%d %H:%M} UTC")
    typer.echo(f"end it sooner: costs alerts silence --end {silence_id}")


@app.command()
def test() -> None:
    """Send a trial message to every address of COSTS_ALERT_URLS. Exit code 1: one did not arrive; 2: there is none."""
    from pipelines.alerts.delivery import ADDRESSES
    from pipelines.alerts.silence_alerts import try_addresses

    tried = try_addresses(os.environ, now())
    if tried.is_empty():
        _wrong(f"{ADDRESSES} is not set: alerts are stored and sent nowhere; set it to addresses such as slack://...")
    for channel, target, outcome, error in tried.iter_rows():
        typer.echo(f"{channel} {target}: {outcome}{f': {error}' if error else ''}")
    if tried.filter(outcome="failed").height:
        raise typer.Exit(NEEDS_A_LOOK)


def _matched(said: list[str]) -> dict[str, str | None]:
    """Columns that a silence holds for, as "rule=source_failing" says them."""
    from pipelines.alerts.rule_catalog import RULES_BY_NAME
    from pipelines.alerts.silence import MATCHED

    matched: dict[str, str | None] = {}
    for one in said:
        key, _, value = one.partition("=")
        if key not in MATCHED or not value:
            _wrong(f"--of {one!r}: write one of {', '.join(MATCHED)}, = and a value, such as rule=source_failing")
        if key == "rule" and value not in RULES_BY_NAME:
            _wrong(f"{value!r} is no rule; write one of {', '.join(RULES_BY_NAME)}")
        matched[key] = value
    return matched


def _check_rule(rule: str) -> None:
    from pipelines.alerts.rule_catalog import RULES_BY_NAME

    if rule not in RULES_BY_NAME:
        like = did_you_mean(rule, RULES_BY_NAME)
        all_of_them = "; write one of " + ",".join(RULES_BY_NAME)
        _wrong(f"--rule {rule!r} is no rule{like or all_of_them}")


def _until(text: str) -> datetime:
    """The end of a silence, naive UTC and ahead of now."""
    span = SPAN.fullmatch(text.strip())
    if span is not None:
        return now() + (timedelta(hours=int(span[1])) if span[2] == "h" else timedelta(days=int(span[1])))
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        _wrong(f"--until {text!r} is no end; write 12h, 7d, 2026-12-31 or 2026-12-31T08:00")
    moment = moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    if moment <= now():
        _wrong(f"--until {text!r} is over; write a moment that is to come")
    return moment


def _refuse(alert: str, count: int) -> NoReturn:
    _wrong(f"{count or 'no'} alerts begin with {alert!r}; `costs alerts list --all` lists them")


def _wrong(text: str) -> NoReturn:
    say_error(f"costs: {text}")
    raise typer.Exit(BAD_INPUT)
