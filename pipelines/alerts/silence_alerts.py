"""Steps of people: hush alerts for a while, let them speak again, and try every address."""

from collections.abc import Mapping
from datetime import datetime
from secrets import token_hex

import polars as pl

from pipelines.alerts.delivery import deliver, targets_from_environment
from pipelines.alerts.message import one_line
from pipelines.alerts.send_message import Patience
from pipelines.alerts.silence import in_force
from pipelines.schema.alerts import MAX_VALUE, AlertMessage, Silence
from pipelines.schema.columns import polars_schema
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import append, read_table


def silence_alerts(
    warehouse: Warehouse, matched: Mapping[str, str | None], said_by: str, until: datetime, why: str, now: datetime
) -> str:
    """Store one person's word; `matched`: columns of Silence that say of which alerts. Returns its id.

    It is on the disk beside the database too, so that a lost one brings it back.
    """
    silence_id = token_hex(4)
    row = {"silence_id": silence_id, "said_at": now, "until": until, **matched}
    row |= {"said_by": one_line(said_by, MAX_VALUE), "why": one_line(why, MAX_VALUE)}
    _store(warehouse, pl.DataFrame([row], schema=polars_schema(Silence)))
    return silence_id


def end_silence(warehouse: Warehouse, silence_id: str, said_by: str, now: datetime) -> bool:
    """Let the alerts of a silence speak again: a row more, nothing is taken away. Returns whether it was in force."""
    with warehouse.write() as connection:
        said = in_force(read_table(connection, "raw.silence"), now).filter(silence_id=silence_id)
    if said.is_empty():
        return False
    ended = said.with_columns(said_at=pl.lit(now), until=pl.lit(now), said_by=pl.lit(one_line(said_by, MAX_VALUE)))
    _store(warehouse, ended.cast(polars_schema(Silence)))
    return True


def find_alert(warehouse: Warehouse, beginning: str) -> list[str]:
    """The ids of alerts that begin so; a message names the first 8 digits of each."""
    with warehouse.write() as connection:
        found = read_table(connection, "main.alert", "starts_with(alert_id, $beginning)", beginning=beginning)
    return found["alert_id"].to_list()


def try_addresses(environ: Mapping[str, str], now: datetime) -> pl.DataFrame:
    """Send a trial message to each address, once. Nothing is stored. Returns channel, target, outcome, error."""
    targets = targets_from_environment(environ)
    common: dict[str, object] = {"created_at": now, "owner": "all", "severity": "info", "is_digest": False}
    text = {"title": "costs: a trial message", "body": f"Sent at {now:%Y-%m-%d %H:%M} UTC to see that it arrives."}
    rows = [
        common | text | {"message_id": f"trial {number}", "target": target.digest}
        for number, target in enumerate(targets)
    ]
    due = pl.DataFrame(rows, schema=polars_schema(AlertMessage))
    tried = deliver(due, {str(row["message_id"]): ["trial"] for row in rows}, targets, now, Patience(attempts=1))
    return tried.select("channel", "target", "outcome", "error")


def _store(warehouse: Warehouse, rows: pl.DataFrame) -> None:
    with warehouse.write() as connection:
        append(connection, "raw.silence", rows)
    warehouse.save_records()
    if warehouse.published_file.exists():
        warehouse.publish()
