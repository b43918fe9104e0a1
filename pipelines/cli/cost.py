"""`costs cost`: what was spent, by day, model, team and so on. Reads arguments, prints; `costs.spend_by` sums."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.decision_options import DAY, days_since, refuse
from pipelines.cli.rows import AsCsv, AsJson, AsParquet, Limit, show_rows
from pipelines.cli.terminal import NEEDS_A_LOOK, console, errors, now, progress, say_error
from pipelines.models.similar_names import did_you_mean

if TYPE_CHECKING:
    import polars as pl

    from pipelines.warehouse.published import PublishedWarehouse

WAYS = ("day", "week", "month", "model", "team", "user", "feature", "project", "key", "account")
First = Annotated[datetime | None, typer.Option("--from", **DAY, help="First UTC day.")]
Last = Annotated[datetime | None, typer.Option("--to", **DAY, help="Last UTC day, included.")]


def cost(  # noqa: PLR0913, PLR0917 - one parameter per option of the command
    context: typer.Context,
    by: Annotated[str, typer.Option(help=f"One of {', '.join(WAYS)}.")] = "day",
    since: Annotated[str | None, typer.Option(metavar="DAYS", help="The days up to now or --to, such as 30d.")] = None,
    first: First = None,
    last: Last = None,
    owner: Annotated[str, typer.Option(metavar="NAME", help="Of one account, team, project, key, user, feature.")] = "",
    from_logs: Annotated[
        bool, typer.Option("--from-logs", help="Of agents' logs on this machine, without a warehouse.")
    ] = False,
    logs: Annotated[
        list[str] | None, typer.Option("--logs", metavar="PATH", help="With --from-logs: these, not the usual folders.")
    ] = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    parquet: AsParquet = None,
    limit: Limit = None,
) -> None:
    """What was spent: at list price, and what is owed by contract and plans. All days unless some are named.

    `--from-logs` reads ~/.claude, ~/.codex, ~/.gemini and others like them and prices them with the history that ships;
    nothing is kept. Exit codes: 1: nothing was spent; 2: wrong use; 3: there is no published file yet.

    Examples: costs cost --by month | costs cost --by model --since 30d --json | costs cost --from-logs --by day
    """
    if by not in WAYS:
        refuse(f"--by {by}: write one of {', '.join(WAYS)}{did_you_mean(by, WAYS)}")
    until = last.date() if last else None
    if since is not None and first is not None:
        refuse("--since and --from: write one of them")
    start = first.date() if first else None
    if since is not None:
        start = (until or now().date()) - timedelta(days=days_since(since) - 1)
    if start and until and start > until:
        refuse(f"--from {start} --to {until}: the period ends before it begins")
    if logs and not from_logs:
        refuse("--logs goes with --from-logs; `costs import` keeps them in the warehouse")
    found = (
        _of_logs(logs, by, start, until, owner) if from_logs else _of_warehouse(context.obj, by, start, until, owner)
    )
    if console().is_terminal and not (as_json or as_csv or parquet):
        found = _for_a_person(found)
    show_rows(found, as_json=as_json, as_csv=as_csv, parquet=parquet, limit=limit, is_money=True)
    if found.is_empty():
        say_error("costs cost: nothing was spent in that time, or by that owner")
        raise typer.Exit(NEEDS_A_LOOK)


def _for_a_person(found: "pl.DataFrame") -> "pl.DataFrame":
    """The columns that fit a narrow terminal; the total, and what else they would say, in words above."""
    if "is_lower_bound" not in found.columns:
        return found
    total = sum(usd for usd in found["owed_usd"] if usd is not None)
    at_least = "; at least: see docs/concepts.md on lower bounds" if found["is_lower_bound"].any() else ""
    errors().print(f"{total:,.2f} USD owed in all{at_least}", highlight=False, soft_wrap=True)
    is_owed = found["list_usd"].equals(found["owed_usd"])
    return found.drop("is_lower_bound", *(["list_usd"] if is_owed else []))


def _of_warehouse(folder: Path, by: str, first: date | None, last: date | None, owner: str) -> "pl.DataFrame":
    from pipelines.warehouse.published import PublishedWarehouse

    return _spent(PublishedWarehouse(folder), by, first, last, owner)


def _spent(
    warehouse: "PublishedWarehouse", by: str, first: date | None, last: date | None, owner: str
) -> "pl.DataFrame":
    """The sums; what is not in them goes to standard error."""
    from pipelines.costs.days_at_list import at_list_note, days_at_list
    from pipelines.costs.spend_by import spend_by, unpriced_models

    if unpriced := unpriced_models(warehouse, first, last):
        told = "; ".join(f"{model} ({why})" for model, why in unpriced.items())
        say_error(f"without a price, and not in the sums: {told}")
    if note := at_list_note(days_at_list(warehouse, first, last, owner)):
        say_error(f"owed_usd: {note}")
    return spend_by(warehouse, by, first, last, owner)


def _of_logs(logs: list[str] | None, by: str, first: date | None, last: date | None, owner: str) -> "pl.DataFrame":
    from pipelines.costs.log_costs import priced_logs, usual_folders
    from pipelines.usage.find_files import named_files

    places = logs or usual_folders()
    if not places:
        refuse("--from-logs: no agent has kept logs in its usual folder; name them with --logs PATH")
    try:
        count = len(named_files(places))
        with (
            progress(count) as advance,
            priced_logs(places, now(), lambda file: advance(file.name)) as (warehouse, told),
        ):
            found = _spent(warehouse, by, first, last, owner)
    except FileNotFoundError as error:
        refuse(f"--logs {error}")
    refused = sum(one.outcome == "refused" for one in told)
    if refused:
        errors().print(f"{refused} of {len(told)} files hold no usage that is understood", highlight=False)
    return found
