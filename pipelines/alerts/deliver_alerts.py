"""Writes the messages that are due into the outbox and sends them. One process at a time does so."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

import duckdb
import polars as pl

from pipelines.alerts.alert_settings import AlertSettings
from pipelines.alerts.compose_message import compose
from pipelines.alerts.delivery import Target, deliver, targets_from_environment, targets_of
from pipelines.alerts.inhibition import inhibited
from pipelines.alerts.life import firing, holding_back, standing
from pipelines.alerts.notices import Notice, due_now, pending, told_by_target
from pipelines.alerts.outbox import due
from pipelines.alerts.rule_catalog import LASTING
from pipelines.alerts.rule_file import alert_settings_in_force
from pipelines.alerts.silence import silenced
from pipelines.schema.alerts import AlertDelivery, AlertMessage, AlertNotice
from pipelines.schema.columns import polars_schema
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import append, read_table

GIVE_UP_AFTER = timedelta(days=7)
"""A message that no service took, and a change that nobody could be told, for so long are told no more."""


def deliver_due(warehouse: Warehouse, now: datetime, environ: Mapping[str, str]) -> pl.DataFrame:
    """Tell what has to be told: one message per owner and address, then send what waits. Returns rows of AlertDelivery.

    A message is stored before it is claimed, claimed before it is sent, and what came of it is stored before the next,
    so two runs send it once, and a process that is killed sends at most one again, with the same id. The tables are not
    locked while a message is on its way.
    """
    targets = targets_from_environment(environ)
    if not targets:
        return pl.DataFrame(schema=polars_schema(AlertDelivery))
    settings = alert_settings_in_force(warehouse.folder).rows
    with warehouse.only_delivery():
        with warehouse.write() as connection:
            write_messages(connection, targets, settings, now)
            messages, notices = (
                read_table(connection, "main.alert_message"),
                read_table(connection, "main.alert_notice"),
            )
            deliveries = read_table(connection, "main.alert_delivery")
            subjects = dict(read_table(connection, "main.alert", "subject IS NOT NULL")[["alert_id", "subject"]].rows())
        waiting = due(messages, notices, deliveries, now, GIVE_UP_AFTER, subjects)
        alerts_of = dict(notices.sort("position").group_by("message_id").agg("alert_id").iter_rows())
        attempts = deliver(waiting, alerts_of, targets, now, note=partial(_note, warehouse), subjects=subjects)
    if attempts.height:
        warehouse.save_records()
    return attempts


def held_back(connection: duckdb.DuckDBPyConnection, now: datetime) -> set[str]:
    """The alerts that are not to be told now, for a cause or by a person's word. What is new of it is noted."""
    alerts, events = read_table(connection, "main.alert"), read_table(connection, "main.alert_event")
    by_cause = inhibited(firing(alerts, events))
    by_word = silenced(alerts, read_table(connection, "raw.silence"), now)
    held = {key: ("inhibited", cause) for key, cause in by_cause.items()}
    held |= {key: ("silenced", str(word["silence_id"])) for key, word in by_word.items()}
    open_now = {key for key, row in standing(events).items() if row["event"] == "firing"}
    append(connection, "main.alert_event", holding_back(events, {k: v for k, v in held.items() if k in open_now}, now))
    return set(held)


def write_messages(
    connection: duckdb.DuckDBPyConnection, targets: Sequence[Target], settings: AlertSettings, now: datetime
) -> None:
    """Store a message per owner and address that has something to be told now."""
    held = held_back(connection, now)
    alerts, events = read_table(connection, "main.alert"), read_table(connection, "main.alert_event")
    messages, notices = read_table(connection, "main.alert_message"), read_table(connection, "main.alert_notice")
    told = told_by_target(messages, notices, read_table(connection, "main.alert_delivery"))
    for target in targets:
        of_target = _addressed(alerts, target, targets)
        left = pending(of_target, events, told.get(target.digest, {}), held, LASTING, now, GIVE_UP_AFTER)
        for owner, ones in _by_owner(left).items():
            before = messages.filter(pl.col("is_digest"), target=target.digest, owner=owner)["created_at"].to_list()
            going, is_digest = due_now(ones, settings, max(before, default=None), now)
            if going:
                _store(connection, going, target, owner, now, is_digest=is_digest)


def at_once(told: pl.DataFrame, targets: Sequence[Target], now: datetime) -> None:
    """Send alerts without storing anything, where nothing can be stored."""
    alert = told.to_dicts()
    notices = [Notice(row, "firing", False) for row in alert]
    rows = [compose(notices, target.digest, "all", now, is_digest=False) for target in targets if notices]
    alerts_of = {row["message_id"]: [one["alert_id"] for one in alert] for row in rows}
    deliver(pl.DataFrame(rows, schema=polars_schema(AlertMessage)), alerts_of, targets, now)


def _addressed(alerts: pl.DataFrame, target: Target, targets: Sequence[Target]) -> pl.DataFrame:
    channels = alerts["channel"].unique().to_list()
    here = [name for name in channels if target in targets_of(name or "default", targets)]
    return alerts.filter(pl.col("channel").is_in(here, nulls_equal=True))


def _by_owner(notices: Sequence[Notice]) -> dict[str, list[Notice]]:
    found: dict[str, list[Notice]] = {}
    for one in notices:
        found.setdefault(one.alert["owner"] or "all", []).append(one)
    return found


def _store(
    connection: duckdb.DuckDBPyConnection,
    notices: Sequence[Notice],
    target: Target,
    owner: str,
    now: datetime,
    *,
    is_digest: bool,
) -> None:
    message = compose(notices, target.digest, owner, now, is_digest=is_digest)
    append(connection, "main.alert_message", pl.DataFrame([message], schema=polars_schema(AlertMessage)))
    identity = message["message_id"]
    rows = [(identity, number, one.alert["alert_id"], one.kind) for number, one in enumerate(notices)]
    append(connection, "main.alert_notice", pl.DataFrame(rows, schema=polars_schema(AlertNotice), orient="row"))


def _note(warehouse: Warehouse, rows: pl.DataFrame) -> None:
    with warehouse.write() as connection:
        append(connection, "main.alert_delivery", rows)
