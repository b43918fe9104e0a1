"""How dated texts about GPU rates become versions, on two small tables and single figures."""

from datetime import datetime
from decimal import Decimal

import polars as pl

from pipelines.schema.columns import polars_schema
from pipelines.schema.gpu_rates import GpuRate
from pipelines.snapshots.shipped_gpu_rates import DatedRate, gpu_rate_evidence, gpu_rate_history

MAY, JUNE, JULY = datetime(2024, 5, 1), datetime(2024, 6, 1), datetime(2024, 7, 1)
ROW = {
    "provider": "lambda", "tier": "not_told", "sku": "1x H100", "gpu": "H100", "variant": "", "memory_gb": 80,
    "gpu_count": 1, "gpu_fraction": Decimal(1), "region": "global", "pricing": "on_demand", "price_kind": "quoted",
    "currency": "USD", "printed": "$", "series": "table", "seen_on": MAY, "url": "https://example.org/t",
}  # fmt: skip


def history(*rows):
    frame = pl.DataFrame([ROW | row for row in rows], schema=polars_schema(DatedRate))
    return GpuRate.validate(gpu_rate_history(DatedRate.validate(frame)))


def usd(amount, **differences):
    return {"usd_per_gpu_hour": Decimal(amount), "local_per_gpu_hour": Decimal(amount)} | differences


def known(versions, at=None):
    """What is known at a moment; current without one."""
    if at is None:
        known = versions.filter(pl.col("known_to").is_null())
    else:
        known = versions.filter(pl.col("known_from") <= at, pl.col("known_to").is_null() | (pl.col("known_to") > at))
    return known.sort("sku", "valid_from").select(
        "sku", "usd_per_gpu_hour", "valid_from", "valid_to", "is_listed"
    ).rows()  # fmt: skip


def test_a_row_that_a_later_table_lacks_has_gone_and_what_was_known_then_stays_known():
    versions = history(usd(3), usd(2, seen_on=JUNE), usd(5, sku="8x H100"))
    assert known(versions) == [
        ("1x H100", Decimal(3), MAY, JUNE, True),
        ("1x H100", Decimal(2), JUNE, datetime(2024, 6, 2), True),
        ("1x H100", Decimal(2), datetime(2024, 6, 2), None, False),
        ("8x H100", Decimal(5), MAY, JUNE, True),
        ("8x H100", Decimal(5), JUNE, None, False),
    ]
    assert known(versions, MAY) == [
        ("1x H100", Decimal(3), MAY, None, True), ("8x H100", Decimal(5), MAY, None, True),
    ]  # fmt: skip


def test_a_single_figure_says_nothing_about_other_offers():
    versions = history(
        usd(3, series="points"), usd(3, series="points", seen_on=JULY, url="https://example.org/u"),
        usd(9, series="points", seen_on=JUNE, sku="8x H100"), usd(4, sku="of the table"),
    )  # fmt: skip
    assert known(versions)[:2] == [
        ("1x H100", Decimal(3), MAY, datetime(2024, 7, 2), True),
        ("1x H100", Decimal(3), datetime(2024, 7, 2), None, False),
    ]
    assert known(versions)[2:4] == [
        ("8x H100", Decimal(9), JUNE, datetime(2024, 6, 2), True),
        ("8x H100", Decimal(9), datetime(2024, 6, 2), None, False),
    ]


def test_an_announced_rate_begins_on_its_day():
    versions = history(usd("3.85", series="points"), usd("4.5", series="points", effective_from=JUNE))
    assert known(versions, MAY) == [
        ("1x H100", Decimal("3.85"), MAY, JUNE, True), ("1x H100", Decimal("4.5"), JUNE, None, True),
    ]  # fmt: skip


def test_the_order_of_rows_makes_no_difference():
    rows = [usd(3), usd(2, seen_on=JUNE), usd(5, sku="8x H100"), usd(7, series="points", seen_on=JULY)]
    assert history(*rows).equals(history(*reversed(rows)))


def test_every_address_and_day_is_one_piece_of_evidence():
    frame = pl.DataFrame(
        [ROW | row for row in (usd(3), usd(2, sku="8x"), usd(2, seen_on=JUNE))], schema=polars_schema(DatedRate)
    )
    evidence = gpu_rate_evidence(frame)
    assert evidence.select("fetched_at", "url", "origin", "source").rows() == [
        (MAY, "https://example.org/t", "shipped", "gpu_rate_history"),
        (JUNE, "https://example.org/t", "shipped", "gpu_rate_history"),
    ]
    assert set(gpu_rate_history(frame)["fetch_id"]) <= set(evidence["fetch_id"])
