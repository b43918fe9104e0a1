"""Which firing alerts are consequences of another that is firing, and so are not told themselves."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import polars as pl

from pipelines.alerts.life import parts_of

PRICES_RISE = timedelta(days=3)
"""So soon after a contract's end dearer days and projections follow from it."""
MOST_OF_A_DAY = 10
"""Times its excess, by which a day moves the projection of a month at most."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Inhibition:
    """While an alert of rule `cause` fires, those of `consequence` that follow from it are held back."""

    cause: str
    consequence: str
    follows: Callable[[Row, Row], bool]
    """Whether the second, an alert of `consequence`, follows from the first."""
    why: str


def _always(cause: Row, consequence: Row) -> bool:
    return True


def _same(*columns: str) -> Callable[[Row, Row], bool]:
    return lambda cause, consequence: all(
        cause[name] is not None and cause[name] == consequence[name] for name in columns
    )


def _of_sources(cause: Row, consequence: Row) -> bool:
    """Whether a run failed by nothing but sources."""
    return bool(failed_sources(consequence))


def _of_the_card(cause: Row, consequence: Row) -> bool:
    """Whether a rate that is far from what it was is the one that moved: (provider, card) of both."""
    _, *card = parts_of(cause["subject"])
    return card == parts_of(consequence["subject"])[3:]


def _of_the_term(cause: Row, consequence: Row) -> bool:
    """Whether prices rose as a term of the contract ended: a day of just then, of the term's model where it has one."""
    is_later = cause["alert_on"] <= consequence["alert_on"] <= cause["alert_on"] + PRICES_RISE
    parts = parts_of(consequence["subject"])
    is_of_model = cause["model"] is None or cause["model"] in parts or parts[-1:] == ["all"]
    return is_later and (consequence["rule"] != "spend_anomaly" or (parts[2:3] == ["price"] and is_of_model))


def _of_the_day(cause: Row, consequence: Row) -> bool:
    """Whether a projection moved by what the day before cost more, as far as such a day can move it."""
    days = (consequence["alert_on"] - cause["alert_on"]).days
    excess, shift = (row["usd_per_month_effect"] for row in (cause, consequence))
    return 0 <= days <= 1 and (excess is None or shift is None or abs(shift) <= MOST_OF_A_DAY * abs(excess))


INHIBITIONS = (
    Inhibition("sources_unreachable", "source_failing", _always, "most sources fail at once: one cause, one alert"),
    Inhibition("sources_unreachable", "run_failed", _of_sources, "the run failed by its sources alone"),
    Inhibition("used_after_retirement", "retirement_near", _same("provider", "model"), "the model is gone already"),
    Inhibition(
        "gpu_rate_beyond", "gpu_rate_changed", _of_the_card, "the move is what carried the rate beyond its bound"
    ),
    Inhibition("contract_ended", "spend_anomaly", _of_the_term, "prices rose as the contract ended"),
    Inhibition("contract_ended", "projection_moved", _of_the_term, "prices rose as the contract ended"),
    Inhibition("spend_anomaly", "projection_moved", _of_the_day, "a day of unusual spend moves the projection"),
)
"""In the order in which they are looked at; the first cause that holds is named."""


def inhibited(firing: pl.DataFrame) -> dict[str, str]:
    """alert_id of each consequence -> alert_id of its cause, among the alerts that are firing (columns of Alert).

    A run that failed by sources, each of which is told by an alert of its own, is a consequence of these.
    """
    rows = firing.sort("raised_at", "alert_id").to_dicts()
    found: dict[str, str] = {}
    for one in INHIBITIONS:
        causes = [row for row in rows if row["rule"] == one.cause]
        for row in rows if causes else ():
            if row["rule"] == one.consequence and row["alert_id"] not in found:
                cause = next((cause for cause in causes if one.follows(cause, row)), None)
                if cause is not None:
                    found[row["alert_id"]] = cause["alert_id"]
    told = {row["source"]: row["alert_id"] for row in rows if row["rule"] == "source_failing"}
    for row in rows:
        sources = failed_sources(row) if row["rule"] == "run_failed" else []
        if sources and row["alert_id"] not in found and all(source in told for source in sources):
            found[row["alert_id"]] = told[sources[0]]
    return found


def failed_sources(run_failed: Row) -> list[str]:
    """The sources that a failed run names, where it failed by nothing else."""
    parts = parts_of(run_failed["subject"])
    return parts[3].split(",") if len(parts) > 3 and parts[3] else []
