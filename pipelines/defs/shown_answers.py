"""Answers of the report as metadata of its asset, for those who look at a run: what was spent, on what, what changed.

The figures are the report's own. What a table is, is `metadata`'s.
"""

from decimal import Decimal
from typing import Any

import dagster as dg
import polars as pl

from pipelines.defs.metadata import records
from pipelines.report.write_report import Written

DEAREST = 10
PRICE_CHANGES = 20
PLOTTED = 60
BARS = "▁▂▃▄▅▆▇█"


def answers_metadata(written: Written) -> dict[str, Any]:
    """Metadata of the asset of the report. Money as text with all its digits; a word where there is nothing."""
    tables = {name: answer.frame for name, answer in written.answers.items()}
    total = tables["spend_total"].row(0, named=True)
    return {
        "report": dg.MetadataValue.url(written.file.resolve().as_uri()),
        "period": f"{written.asked.first} to {written.asked.last}",
        "spend_usd": (_shown(total["usd"]) or "none") + (" or more" if total["is_lower_bound"] else ""),
        "spend_over_time": spend_over_time(tables["spend_over_time"]),
        "dearest_models": _table(tables["spend_by_model"], ("provider", "model", "usd", "usd_before"), DEAREST),
        "price_changes": _table(
            tables["price_changes"], ("changed_on", "provider", "model", "kind", "change", "usd_a_month"), PRICE_CHANGES
        ),
        "needs_a_look": _table(tables["attention"], ("severity", "what", "usd_a_month"), tables["attention"].height),
    }


def spend_over_time(spend: pl.DataFrame) -> str:
    """A bar for each day, or week or month of a long history: the dearest the highest, a blank where nothing was spent.

    `spend`: starts_on, usd, several rows of each.
    """
    by_start = spend.group_by("starts_on").agg(pl.col("usd").sum()).sort("starts_on").tail(PLOTTED)
    highest = by_start["usd"].max()
    if not isinstance(highest, Decimal) or not highest:
        return "nothing spent"
    plot = "".join(BARS[int(usd / highest * (len(BARS) - 1))] if usd else " " for usd in by_start["usd"])
    return f"{by_start['starts_on'][0]} {plot} {by_start['starts_on'][-1]}, at most {_shown(highest)}"


def _table(frame: pl.DataFrame, columns: tuple[str, ...], most: int) -> dg.TableMetadataValue | str:
    rows = frame.select(columns).head(most).iter_rows(named=True)
    return records({name: _shown(value) for name, value in row.items()} for row in rows)


def _shown(value: object) -> str:
    return "" if value is None else f"{value:f}" if isinstance(value, Decimal) else str(value)
