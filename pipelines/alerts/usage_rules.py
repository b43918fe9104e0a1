"""Alerts about usage and who spends: what is late, unpriced, refused or unknown, and what runs away."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import polars as pl

from pipelines.alerts.message import alert, alert_frame, usd_words
from pipelines.usage.file_outcome import NOT_READ

MAX_LATE_DAYS = 3
USUAL_DAYS = 28
MIN_DAYS_SEEN = 14
MAX_TIMES = 5
MIN_USD = Decimal(20)
MIN_CONVERSATION_USD = Decimal(50)

Row = dict[str, Any]


def usage_late(used: pl.DataFrame, day: date, raised_at: datetime, max_late: int = MAX_LATE_DAYS) -> pl.DataFrame:
    """One alert while an account of which usage came on at least 14 of 28 days has had none for `max_late` days.

    `used`: account_id and usage_date of the days before `day`.
    """
    alerts = []
    for (account,), rows in used.group_by(["account_id"]):
        dates = set(rows["usage_date"])
        last = max(dates)
        seen = sum(last - timedelta(days=USUAL_DAYS) < one <= last for one in dates)
        late = (day - last).days - 1
        if late >= max_late and seen >= MIN_DAYS_SEEN:
            facts = _facts(last, raised_at)
            title = f"account {account}: no usage since {last}, {late} days"
            lines = [f"it came on {seen} of the {USUAL_DAYS} days before", "an export may have stopped, or its key"]
            alerts.append(alert("usage_late", [account, last], "warning", title, lines, subject=[account], **facts))
    return _sorted(alerts)


def usage_unpriced(unpriced: pl.DataFrame, raised_at: datetime) -> pl.DataFrame:
    """One alert per provider and model while usage of the last 30 days has no price. Columns of CostUnpriced."""
    alerts = []
    for (provider, model), rows in unpriced.group_by(["provider", "model"]):
        last = max(rows["usage_date"])
        reasons = rows.select("unpriced_reason", "remedy").unique().sort("unpriced_reason", "remedy")
        title = f"{provider} {model}: {rows['quantity'].sum():,} tokens or calls without a price"
        lines = ["they are in no cost", *(f"{reason}: {remedy}" for reason, remedy in reasons.iter_rows())]
        facts = _facts(last, raised_at) | {"provider": provider, "model": model}
        alerts.append(alert("usage_unpriced", [provider, model], "warning", title, lines, **facts))
    return _sorted(alerts)


def usage_refused(rejects: pl.DataFrame, raised_at: datetime) -> pl.DataFrame:
    """One alert per imported file with refused records. Columns of UsageReject."""
    alerts = []
    ordered = rejects.sort("source_line", "rule")
    for (import_id,), rows in ordered.group_by(["import_id"], maintain_order=True):
        records = "1 record" if rows.height == 1 else f"{rows.height:,} records"
        title = f"{rows['file_name'][0]}: {records} refused"
        named = rows.select("source_line", "rule", "detail").head(5)
        lines = [f"line {line}: {rule}: {detail}" for line, rule, detail in named.iter_rows()]
        facts = _facts(raised_at.date(), raised_at)
        alerts.append(alert("usage_refused", [import_id], "warning", title, [*lines, "see usage_reject"], **facts))
    return _sorted(alerts)


def file_not_read(files: pl.DataFrame, raised_at: datetime) -> pl.DataFrame:
    """One alert per file of the inbox of which nothing could be read, until it is read or gone; of UsageFile."""
    alerts = []
    unread = files.filter("is_in_inbox", pl.col("state").is_in(NOT_READ))
    for row in unread.iter_rows(named=True):
        state = row["state"].replace("_", " ")
        title = f"inbox: {row['file_name']} is {state}"
        lines = [row["not_imported"] or state, "nothing of it is in any cost; mend it, or take it out of the inbox"]
        facts = _facts(row["state_at"].date(), raised_at)
        scope = [row["path"], row["state"], row["size_bytes"], row["modified_ns"]]
        alerts.append(alert("file_not_read", scope, "warning", title, lines, subject=[row["path"]], **facts))
    return _sorted(alerts)


def usage_unknown_count(counts: pl.DataFrame, raised_at: datetime) -> pl.DataFrame:
    """One alert per log format and place of a number that no meter counts. Columns of UsageUnknownCount."""
    alerts = []
    for (name, path), rows in counts.group_by(["format", "path"]):
        title = f"{name} logs hold a number that no meter counts: {path}"
        lines = [f"rows: {rows['row_count'].sum():,}; they may cost more than is said", "see usage_unknown_count"]
        facts = _facts(max(rows["last_usage_date"]), raised_at)
        alerts.append(alert("usage_unknown_count", [name, path], "warning", title, lines, **facts))
    return _sorted(alerts)


def runaway_key(
    costs: pl.DataFrame, raised_at: datetime, max_times: Decimal = Decimal(MAX_TIMES), min_usd: Decimal = MIN_USD
) -> pl.DataFrame:
    """One alert per key if on the last day it spent `min_usd` and `max_times` its median day of the 28 days before.

    Columns of CostByOwner. A key of fewer than seven days before is held against zero.
    """
    by = ["account_id", "api_key_id", "usage_date"]
    sums = costs.drop_nulls("api_key_id").group_by(by).agg(pl.col("cost_usd").sum()).sort(by)
    alerts = []
    for row in sums.filter(pl.col("usage_date") == pl.col("usage_date").max()).iter_rows(named=True):
        before = sums.filter(account_id=row["account_id"], api_key_id=row["api_key_id"])
        past = sorted(before.filter(pl.col("usage_date") < row["usage_date"])["cost_usd"])
        usual = past[len(past) // 2] if len(past) >= 7 else Decimal(0)
        if row["cost_usd"] >= min_usd and row["cost_usd"] > max_times * usual:
            title = f"key {row['api_key_id']}: {usd_words(row['cost_usd'])} on {row['usage_date']}"
            lines = [f"its usual day: {usd_words(usual)}, of {len(past)} days", f"account {row['account_id']}"]
            facts = _facts(row["usage_date"], raised_at)
            alerts.append(alert("runaway_key", [row[name] for name in by], "critical", title, lines, **facts))
    return _sorted(alerts)


def runaway_conversation(
    conversations: pl.DataFrame, raised_at: datetime, min_usd: Decimal = MIN_CONVERSATION_USD
) -> pl.DataFrame:
    """One alert per conversation and day that costs at least `min_usd`. Columns of ConversationCost."""
    alerts = []
    for row in conversations.filter(pl.col("cost_usd") >= min_usd).iter_rows(named=True):
        key = [row["account_id"], row["conversation_id"], row["usage_date"]]
        title = f"conversation {row['conversation_id']}: {usd_words(row['cost_usd'])} on {row['usage_date']}"
        lines = [f"requests: {row['usage_rows']:,}; tokens: {row['tokens']:,}", f"account {row['account_id']}"]
        alerts.append(
            alert("runaway_conversation", key, "warning", title, lines, **_facts(row["usage_date"], raised_at))
        )
    return _sorted(alerts)


def _facts(since: date, raised_at: datetime) -> Row:
    return {"alert_on": since, "raised_at": raised_at, "since": datetime.combine(since, time())}


def _sorted(alerts: list[Row]) -> pl.DataFrame:
    return alert_frame(sorted(alerts, key=lambda row: row["alert_id"]))
