"""What is left out of cost because another report states it, in dollars: for usage_overlap, and told at import.

Which rows are left out is `overlap`'s to say.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

import polars as pl

from pipelines.costs.overlap import OVERLAP_SCHEMA, Counted
from pipelines.costs.pricing.price_sums import price_sums
from pipelines.costs.report_contest import KEY
from pipelines.models.model_ids import undated

_REPORT = [*KEY, "account_id", "report", "counted_report"]
_NONE = ""


class LeftOut(NamedTuple):
    """Usage of some days that is in no cost."""

    account_id: str
    report: str
    first: date
    last: date
    tokens: int
    usd: Decimal | None
    """NULL where some of it has no price."""


def with_dollars(day: date, counted: Counted, segments: pl.DataFrame) -> pl.DataFrame:
    """The overlaps of a day with what the usage left out would cost. `segments`: prices of its models."""
    if counted.left_out is None:
        return counted.overlaps
    owners = ("account_id", "report", "counted_report")
    left_out = counted.left_out.with_columns(pl.col("counted_report").fill_null(_NONE))
    costs = price_sums({day: left_out}, segments, owners)
    if costs is None:
        return counted.overlaps
    is_priced = pl.col("price_id").is_not_null().all()
    usd = (
        costs.with_columns(undated(pl.col("model")), pl.col("counted_report").replace(_NONE, None))
        .group_by(_REPORT)
        .agg(usd=pl.when(is_priced).then(pl.col("cost_usd").sum()))
    )
    priced = counted.overlaps.join(usd, on=_REPORT, how="left", nulls_equal=True, maintain_order="left")
    return priced.with_columns(left_out_usd="usd").select(OVERLAP_SCHEMA.keys())


def sum_left_out(overlaps: pl.DataFrame) -> Sequence[LeftOut]:
    """Rows of UsageOverlap by account and report, the dearest first."""
    is_priced = pl.col("left_out_usd").is_not_null().all()
    sums = overlaps.group_by("account_id", "report").agg(
        first=pl.col("usage_date").min(),
        last=pl.col("usage_date").max(),
        tokens=pl.col("tokens").sum(),
        usd=pl.when(is_priced).then(pl.col("left_out_usd").sum()),
    )
    order = sums.sort("usd", "tokens", "account_id", "report", descending=[True, True, False, False], nulls_last=True)
    return [LeftOut(*row) for row in order.iter_rows()]
