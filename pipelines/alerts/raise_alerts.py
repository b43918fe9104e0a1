"""Alerts of a day: raised from the tables or by a failed run, stored with what became of them. Sending is elsewhere."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import duckdb
import polars as pl

from pipelines.alerts import operating_rules
from pipelines.alerts.alert_settings import AlertSettings
from pipelines.alerts.deliver_alerts import at_once, deliver_due, held_back
from pipelines.alerts.delivery import mistaken_addresses, mistaken_channels, targets_from_environment
from pipelines.alerts.life import event_frame, firing, next_events, standing
from pipelines.alerts.message import alert_frame
from pipelines.alerts.rule_catalog import LASTING
from pipelines.alerts.rule_file import ALERT_FILE, keep_alert_settings
from pipelines.alerts.rule_inputs import Asked, rules_of_day
from pipelines.snapshots.user_inputs import Problem, check_rates, check_user_inputs
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.published import WarehouseError
from pipelines.warehouse.rows import append, append_new, read_table

Failing = Callable[[str, Sequence[str]], Collection[str]]


class AlertRuleError(RuntimeError):
    """Some rules failed; what the others raised is stored. One line for each that failed."""


def raise_alerts(
    warehouse: Warehouse,
    day: date,
    now: datetime,
    environ: Mapping[str, str],
    problems: Sequence[Problem] = (),
    failing: Failing | None = None,
) -> int:
    """Store the alerts of a day that are not stored yet, and what became of the others. Returns how many are new.

    How things stood on a day that has passed, or before what is known already, is history: it raises only news that
    was missed. `problems`: of files that rooms above check. `failing`: as in `operating_rules.still_failed`; without
    it no failed run is resolved. A rule that fails keeps back no other, and what it had found stays as it is: raises
    AlertRuleError after the others are stored.
    """
    kept = keep_alert_settings(warehouse.folder)
    told = [*problems, *_problems(warehouse, environ, kept.rows, day), *([kept.problem] if kept.problem else [])]
    failures: list[str] = []
    found: list[pl.DataFrame] = []
    judged: set[str] = set()
    with warehouse.write() as connection:
        asked = Asked(day, now, _is_today(connection, day, now), kept.rows, told)
        for name, rule in rules_of_day(connection, asked):
            try:
                found.append(rule())
            except Exception as error:  # noqa: BLE001 - told below; a rule may fail in ways that nobody thought of
                failures.append(f"{name}: {type(error).__name__}: {error}")
            else:
                judged.add(name)
        if asked.is_today and failing is not None:
            found.append(_failed_runs(connection, failing))
            judged.add("run_failed")
        rows = dressed(pl.concat(found) if found else alert_frame([]), kept.rows)
        judged |= {name for name, one in kept.rows.rules.items() if not one.is_on}
        new = _store(connection, rows, judged if asked.is_today else set(), now)
    if failures:
        raise AlertRuleError("\n".join(failures))
    return new


def tell_failed_run(
    warehouse: Warehouse,
    job: str,
    failures: Mapping[str, str],
    now: datetime,
    environ: Mapping[str, str],
    before: Mapping[str, str] | None = None,
    *,
    is_sent: bool = True,
) -> None:
    """Store the alert of a failed run and send what is due. Where nothing can be stored, it is sent all the same.

    `failures` and `before`: what each failed step said now, and when it last ran, as in `operating_rules.run_failed`.
    `is_sent` False: a delivery follows, which tells it with the rest. Raises what kept it from being stored, once it is
    sent.
    """
    settings = keep_alert_settings(warehouse.folder).rows
    told = dressed(operating_rules.run_failed(job, failures, now, before), settings)
    try:
        with warehouse.write() as connection:
            append_new(connection, "main.alert", told, ["alert_id"])
            known = standing(read_table(connection, "main.alert_event"))
            begun = [key for key in told["alert_id"] if key not in known or known[key]["event"] != "firing"]
            events = [{"alert_id": key, "event_at": now, "event": "firing", "because": None} for key in begun]
            append(connection, "main.alert_event", event_frame(events))
    except (WarehouseError, duckdb.Error, OSError):
        at_once(told, targets_from_environment(environ), now)
        raise
    if is_sent:
        deliver_due(warehouse, now, environ)


def dressed(rows: pl.DataFrame, settings: AlertSettings) -> pl.DataFrame:
    """Rows of Alert as alerts.toml wants them, without those of rules that are off."""
    kept: list[dict[str, Any]] = [
        settings.dressed(row) for row in rows.iter_rows(named=True) if settings.rule(row["rule"]).is_on
    ]
    return alert_frame(kept)


def _is_today(connection: duckdb.DuckDBPyConnection, day: date, now: datetime) -> bool:
    """Whether it is the present that is looked at: a clock that is set back, as for a replay, asks about the past."""
    (latest,) = connection.execute("SELECT max(event_at) FROM main.alert_event").fetchall()[0]
    return day == now.date() and (latest is None or latest <= now)


def _store(connection: duckdb.DuckDBPyConnection, rows: pl.DataFrame, judged: Collection[str], now: datetime) -> int:
    new = append_new(connection, "main.alert", rows, ["alert_id"])
    alerts, events = read_table(connection, "main.alert"), read_table(connection, "main.alert_event")
    append(connection, "main.alert_event", next_events(rows, alerts, events, LASTING, judged, now))
    held_back(connection, now)
    return new


def _failed_runs(connection: duckdb.DuckDBPyConnection, failing: Failing) -> pl.DataFrame:
    """The alerts of failed runs that hold, of those that are firing."""
    alerts = read_table(connection, "main.alert", "rule = 'run_failed'")
    now_firing = firing(alerts, read_table(connection, "main.alert_event")).select(alerts.columns)
    return operating_rules.still_failed(now_firing, failing)


def _problems(warehouse: Warehouse, environ: Mapping[str, str], settings: AlertSettings, day: date) -> list[Problem]:
    found = check_user_inputs(warehouse.folder, environ) + check_rates(warehouse.folder, day)
    found += [Problem(*mistake) for mistake in mistaken_addresses(environ)]
    used = {one.channel for one in settings.rules.values() if one.channel} | set(settings.channels.values())
    return found + [Problem(ALERT_FILE, text) for text in mistaken_channels(used, environ)]
