"""Day by day: what the rules find, what becomes of it, and the messages that one address gets. All in memory."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

import polars as pl

from pipelines.alerts.alert_settings import AlertSettings
from pipelines.alerts.compose_message import compose
from pipelines.alerts.deliver_alerts import GIVE_UP_AFTER
from pipelines.alerts.inhibition import inhibited
from pipelines.alerts.life import firing, holding_back, next_events, standing
from pipelines.alerts.message import alert_frame
from pipelines.alerts.notices import due_now, pending, told_by_target
from pipelines.alerts.operating_rules import run_failed, still_failed
from pipelines.alerts.raise_alerts import dressed
from pipelines.alerts.rule_catalog import LASTING
from pipelines.schema.alerts import AlertDelivery, AlertEvent, AlertMessage, AlertNotice
from pipelines.schema.columns import polars_schema
from tools.alert_year.day_inputs import Year, rules_of
from tools.alert_year.team_usage import FIRST, LAST, OUTAGE, RUN_FAILED_ON

TARGET = "team"
STEP = "spend_forecast"
SETTINGS = AlertSettings()


def _empty(table: Any) -> pl.DataFrame:
    return pl.DataFrame(schema=polars_schema(table))


@dataclass
class Book:
    """The tables that grow."""

    alerts: pl.DataFrame = field(default_factory=lambda: alert_frame([]))
    events: pl.DataFrame = field(default_factory=lambda: _empty(AlertEvent))
    messages: pl.DataFrame = field(default_factory=lambda: _empty(AlertMessage))
    notices: pl.DataFrame = field(default_factory=lambda: _empty(AlertNotice))


def live(year: Year) -> Book:
    """The whole year, a run at seven each morning."""
    book, day = Book(), FIRST
    while day <= LAST:
        one_day(book, year, day)
        day += timedelta(days=1)
    return book


def one_day(book: Book, year: Year, day: date) -> None:
    """One run: rules, life, messages."""
    now = datetime.combine(day, time(7))
    found = {name: rule() for name, rule in rules_of(year, day, now)}
    judged = {*found, "run_failed"}
    rows = dressed(pl.concat([*found.values(), _failed_runs(book, day, now)]), SETTINGS)
    new = rows.unique("alert_id", keep="first", maintain_order=True).join(book.alerts, on="alert_id", how="anti")
    book.alerts = pl.concat([book.alerts, new])
    add(book, next_events(rows, book.alerts, book.events, LASTING, judged, now))
    held = inhibited(firing(book.alerts, book.events))
    state = standing(book.events)
    noted = {key: ("inhibited", cause) for key, cause in held.items() if state[key]["event"] == "firing"}
    add(book, holding_back(book.events, noted, now))
    _tell(book, set(held), now)


def add(book: Book, events: pl.DataFrame) -> None:
    """Append what became of alerts."""
    book.events = pl.concat([book.events, events])


def _failed_runs(book: Book, day: date, now: datetime) -> pl.DataFrame:
    """The run of one day fails by a step of its own, those of the outage by their sources; the next ones go well."""
    said = {}
    if day == RUN_FAILED_ON:
        said = {STEP: "ValueError: an unforeseen figure"}
    if OUTAGE[0] <= day <= OUTAGE[1]:
        said = {"fetch": "source_00 could not be fetched: no connection"}
    failed_runs = book.alerts.filter(rule="run_failed")
    known = firing(failed_runs, book.events).select(failed_runs.columns)
    held = still_failed(known, lambda _, steps: set(steps) & set(said))
    return pl.concat([held, run_failed("daily", said, now)]) if said else held


def _tell(book: Book, held: set[str], now: datetime) -> None:
    told = told_by_target(book.messages, book.notices, _empty(AlertDelivery)).get(TARGET, {})
    left = pending(book.alerts, book.events, told, held, LASTING, now, GIVE_UP_AFTER)
    by_owner: dict[str, list[Any]] = {}
    for one in left:
        by_owner.setdefault(one.alert["owner"] or "all", []).append(one)
    for owner, ones in by_owner.items():
        before = book.messages.filter(pl.col("is_digest"), owner=owner)["created_at"].to_list()
        going, is_digest = due_now(ones, SETTINGS, max(before, default=None), now)
        if not going:
            continue
        row = compose(going, TARGET, owner, now, is_digest=is_digest)
        book.messages = pl.concat([book.messages, pl.DataFrame([row], schema=polars_schema(AlertMessage))])
        rows = [(row["message_id"], number, one.alert["alert_id"], one.kind) for number, one in enumerate(going)]
        more = pl.DataFrame(rows, schema=polars_schema(AlertNotice), orient="row")
        book.notices = pl.concat([book.notices, more])
