"""Usage of one day is split at every moment at which its price changes, however many there are and whenever."""

from datetime import datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest

from pipelines.costs.pricing import aggregate
from pipelines.costs.pricing.breakpoints import breakpoints_of, with_offer
from pipelines.costs.pricing.price_usage import price_by_day, price_usage
from pipelines.schema.price_segments import SEGMENT_SCHEMA
from pipelines.usage.contract import usage_frame

MIDNIGHT = datetime(2026, 11, 20)  # a Friday
OFFER = {"provider": "p", "channel": "api", "region": "global", "model": "m", "service_tier": "standard"}
REQUEST = OFFER | {"grain": "request", "format": "f", "import_id": "i", "source_line": 1}
PRICE = OFFER | {
    "meter": "output",
    "context_from": 0,
    "time_window": "always",
    "unit": "mtok",
    "usd_per_unit": Decimal(1),
    "source": "s",
}


def prices_from(moments):
    """One price after another, the first since ever: 1 USD, 2 USD, ..."""
    ends = [*moments, None]
    rows = [
        PRICE | {"segment_id": number, "price_id": str(number), "usd_per_unit": Decimal(number + 1)}
        | {"valid_from": start, "valid_to": end}
        for number, (start, end) in enumerate(zip([datetime(2020, 1, 1), *moments], ends, strict=True))
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=SEGMENT_SCHEMA)


def requests(moments, **more):
    rows = [REQUEST | more | {"usage_id": str(at), "usage_at": at, "output_tokens": 1_000_000} for at in moments]
    return usage_frame(rows)


@pytest.mark.parametrize(
    "changes",
    [
        [MIDNIGHT],
        [MIDNIGHT + timedelta(hours=6), MIDNIGHT + timedelta(hours=18)],
        [MIDNIGHT + timedelta(hours=9, minutes=13, seconds=27, microseconds=500_000)],
        [MIDNIGHT + timedelta(minutes=30 * number) for number in range(1, 40)],
        [MIDNIGHT + timedelta(seconds=7 * number) for number in range(1, 40)],
    ],
    ids=["midnight", "whole minutes", "within a second", "many minutes", "many seconds"],
)
def test_each_request_costs_what_held_at_its_moment(changes):
    tick = timedelta(microseconds=1)
    moments = [MIDNIGHT - tick, *(moment for change in changes for moment in (change - tick, change))]
    costs = price_usage(requests(dict.fromkeys(moments)).lazy(), prices_from(changes))
    expected: dict[str, int] = {}
    for moment in dict.fromkeys(moments):
        held = str(sum(change <= moment for change in changes))
        expected[held] = expected.get(held, 0) + 1
    counted = costs.group_by("price_id").agg(pl.col("usage_rows").sum(), pl.col("cost_usd").sum())
    assert sorted(counted.iter_rows()) == sorted(
        (price_id, rows, rows * (Decimal(price_id) + 1)) for price_id, rows in expected.items()
    )


def test_days_and_hours_alike_are_one_lookup():
    window = PRICE | {"valid_from": datetime(2020, 1, 1), "segment_id": 0}
    segments = pl.DataFrame(
        [window | {"price_id": "any"}, window | {"price_id": "peak", "time_window": "mon-fri 08:00-10:00"}],
        schema=SEGMENT_SCHEMA,
    )
    at = [MIDNIGHT + timedelta(days=day, hours=hour) for day in range(3) for hour in (0, 8, 10)]
    merged = breakpoints_of(with_offer(segments)).merged(
        pl.DataFrame({"offer": ["p\x1fapi\x1fglobal\x1fm\x1fstandard"] * 9, "usage_at": at}).with_columns(
            pl.col("offer").cast(pl.Categorical),
            pl.col("usage_at").cast(pl.Datetime("us")),
            usage_until=pl.lit(None, pl.Datetime("us")),
        )
    )
    # Friday at eight is inside; Saturday and Sunday at eight are not.
    assert sorted(merged["usage_at"]) == [MIDNIGHT] * 8 + [MIDNIGHT + timedelta(hours=8)]


def test_columns_that_are_null_throughout_may_be_left_out():
    usage = requests([MIDNIGHT])
    empty = [name for name in usage.columns if usage[name].null_count() == usage.height]
    assert {"usage_until", "project_id", "cache_read_tokens"} <= set(empty)
    lean = price_by_day({MIDNIGHT.date(): usage.drop(empty).lazy()}, prices_from([]))
    assert lean.equals(price_usage(usage.lazy(), prices_from([])))
    assert lean["cost_usd"].to_list() == [Decimal(1)]


def test_a_bucket_without_prompt_sizes_beside_requests():
    rows = [
        REQUEST | {"usage_id": "r", "usage_at": MIDNIGHT, "output_tokens": 1},
        REQUEST | {"usage_id": "b", "usage_at": MIDNIGHT, "output_tokens": 2, "grain": "bucket"}
        | {"usage_until": MIDNIGHT + timedelta(hours=1)},
    ]  # fmt: skip
    usage = usage_frame(rows).drop("prompt_tokens_from")
    ranges = prices_from([]).with_columns(context_to=pl.lit(100, pl.Int64))
    costs = price_by_day({MIDNIGHT.date(): usage.lazy()}, ranges)
    assert costs.sort("quantity").select("quantity", "is_lower_bound").rows() == [(1, False), (2, True)]


def test_more_offers_than_fit_into_a_number_are_an_error_not_another_offer(monkeypatch):
    monkeypatch.setattr(aggregate, "_NO_CODE", 1)
    with pytest.raises(OverflowError, match="price in a new process"):
        price_usage(requests([MIDNIGHT]).lazy(), prices_from([]))
