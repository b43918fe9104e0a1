"""What a year of alerts is held to: few messages, no true cause lost, and an end of all that lasts. Pure."""

from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl

from pipelines.alerts.rule_catalog import LASTING
from tools.alert_year.live import Book
from tools.alert_year.team_usage import CAUSES, FIRST, LAST, Cause

MOST_A_DAY = 5
QUANTILE = 0.99


def messages_a_day(messages: pl.DataFrame, first: date = FIRST, last: date = LAST) -> list[int]:
    """How many messages went out on each day of the year, days without one included."""
    counts = dict(messages.group_by(pl.col("created_at").dt.date()).len().iter_rows())
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [counts.get(day, 0) for day in days]


def percentile(counts: Sequence[int], share: float = QUANTILE) -> int:
    """The smallest count that at least so large a share of the days does not pass."""
    ordered = sorted(counts)
    return ordered[max(0, -(-int(share * 1000) * len(ordered) // 1000) - 1)]


def told(book: Book) -> pl.DataFrame:
    """Rows of Alert that a message told as new, with `told_on`."""
    sent = book.messages.select("message_id", "created_at")
    begun = book.notices.filter(notice="firing").join(sent, on="message_id")
    days = begun.group_by("alert_id").agg(told_on=pl.col("created_at").min().dt.date())
    return book.alerts.join(days, on="alert_id")


def lost(book: Book, causes: Sequence[Cause] = CAUSES) -> list[str]:
    """Names of causes that no message told in their time, by a rule that has to."""
    known = told(book)
    return [
        one.name
        for one in causes
        if known.filter(pl.col("rule").is_in(one.rules), pl.col("told_on").is_between(one.first, one.last)).is_empty()
    ]


def never_told(book: Book) -> list[str]:
    """Titles of alerts that fired and that no message told, those that were held back apart."""
    held = book.events.filter(pl.col("event").is_in(["inhibited", "silenced"]))
    silent = book.alerts.join(told(book), on="alert_id", how="anti").join(held, on="alert_id", how="anti")
    return silent["title"].to_list()


def without_end(book: Book) -> list[str]:
    """Titles of lasting alerts whose last state on the last day of the year is that they fire."""
    last = book.events.filter(pl.col("event").is_in(["firing", "resolved", "superseded"]))
    state = last.sort("event_at", maintain_order=True).unique("alert_id", keep="last", maintain_order=True)
    open_now = state.filter(event="firing").select("alert_id")
    lasting = book.alerts.filter(pl.col("rule").is_in(list(LASTING)))
    return lasting.join(open_now, on="alert_id")["title"].to_list()


def by_rule(book: Book) -> pl.DataFrame:
    """rule, severity, alerts, told, resolved: how many of each kind."""
    ended = book.events.filter(event="resolved").select("alert_id").unique().with_columns(is_ended=pl.lit(value=True))
    known = told(book).select("alert_id", is_told=pl.lit(value=True))
    rows = book.alerts.join(ended, on="alert_id", how="left").join(known, on="alert_id", how="left")
    sums = rows.group_by("rule", "severity").agg(
        alerts=pl.len(), told=pl.col("is_told").sum(), resolved=pl.col("is_ended").sum()
    )
    return sums.sort("rule", "severity")
