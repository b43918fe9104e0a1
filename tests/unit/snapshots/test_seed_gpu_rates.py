"""The shipped GPU rate history: whole, dated, sourced, entered once, and never an offer of today."""

from datetime import datetime
from decimal import Decimal

import polars as pl
import pytest

from pipelines.schema.gpu_rates import GpuRate
from pipelines.schema.raw import Fetch
from pipelines.snapshots.seed_history import seed_gpu_rate_history, shipped_rates
from pipelines.snapshots.shipped_gpu_rates import gpu_rate_evidence, gpu_rate_history
from pipelines.sources.catalog import SOURCES, ranks
from pipelines.sources.source import GPU_RATE_HISTORY
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import fingerprints, read_table
from tests.unit.marts.mart_rows import built


@pytest.fixture(scope="module")
def seeded(tmp_path_factory):
    warehouse = Warehouse(tmp_path_factory.mktemp("seeded"))
    assert seed_gpu_rate_history(warehouse) > 0
    return warehouse


@pytest.fixture(scope="module")
def versions():
    return gpu_rate_history(shipped_rates())


def timeline(versions, sku, **differences):
    found = versions.filter(pl.col("known_to").is_null(), sku=sku, **differences).sort("valid_from")
    return found.select("usd_per_gpu_hour", "valid_from", "valid_to", "is_listed").rows()


def test_every_version_obeys_the_table_and_names_its_page_and_date(versions):
    evidence = gpu_rate_evidence(shipped_rates())
    GpuRate.validate(versions)
    Fetch.validate(evidence)
    assert versions.join(evidence, on="fetch_id", how="anti").is_empty()
    assert evidence["url"].str.starts_with("https://github.com/").all()
    assert not versions.select("rate_id", "known_from").is_duplicated().any()


def test_a_rate_holds_until_a_later_table_says_otherwise(versions):
    """Lambda's H100 stood at 2.40 in the table of 2023-05-23 and at 1.99 in those from 2023-10-30 to 2025-03-07."""
    lambda_h100 = "1x H100 80 GB, 26 vCPUs, 200 GB RAM"
    assert timeline(versions, lambda_h100) == [
        (Decimal("2.40"), datetime(2023, 5, 23), datetime(2023, 10, 30), True),
        (Decimal("1.99"), datetime(2023, 10, 30), datetime(2025, 3, 8), True),
        (Decimal("1.99"), datetime(2025, 3, 8), None, False),
    ]


def test_the_price_of_an_instance_is_divided_by_its_gpus(versions):
    """p4d.24xlarge: 8 A100 of 40 GB at 32.77, spot 9.83, from the first table to the last."""
    first, last = datetime(2022, 8, 4), datetime(2025, 3, 8)
    assert timeline(versions, "p4d.24xlarge", pricing="on_demand")[0] == (Decimal("4.09625"), first, last, True)
    assert timeline(versions, "p4d.24xlarge", pricing="spot")[0] == (Decimal("1.22875"), first, last, True)


def test_a_single_figure_holds_until_the_next_one_of_the_same_offer(versions):
    """RunPod's secure H100 SXM: 3.49 on 2026-09-29, 3.99 on 2026-10-10. Nebius announced 4.50 from 2026-10-01."""
    assert timeline(versions, "H100 SXM", provider="runpod", tier="secure") == [
        (Decimal("3.49"), datetime(2026, 9, 29), datetime(2026, 10, 10), True),
        (Decimal("3.99"), datetime(2026, 10, 10), datetime(2026, 10, 11), True),
        (Decimal("3.99"), datetime(2026, 10, 11), None, False),
    ]
    assert timeline(versions, "HGX H100", provider="nebius")[:2] == [
        (Decimal("3.85"), datetime(2026, 9, 30), datetime(2026, 10, 1), True),
        (Decimal("4.50"), datetime(2026, 10, 1), datetime(2026, 10, 2), True),
    ]


def test_figures_that_mean_something_else_are_never_quoted_rates(versions):
    other = versions.filter(pl.col("tier").is_in(["gpu_component_only", "via_prime_intellect", "cheapest_on_demand"]))
    assert set(other["price_kind"]) == {"from"}
    assert set(versions.join(other, on="rate_id", how="anti")["price_kind"]) == {"quoted"}
    components = other.filter(pl.col("known_to").is_null() & pl.col("is_listed"), tier="gpu_component_only")
    assert components.select("sku", "usd_per_gpu_hour", "valid_from").sort("usd_per_gpu_hour").rows() == [
        ("A100 80GB NVLINK", Decimal("2.21"), datetime(2023, 1, 19)),
        ("H100 PCIe", Decimal("4.25"), datetime(2023, 1, 19)),
        ("HGX H100 SXM", Decimal("4.76"), datetime(2023, 4, 1)),
    ]


def test_it_is_entered_once_and_an_upgrade_replaces_it(seeded):
    before = fingerprints(seeded)
    assert seed_gpu_rate_history(seeded) == 0
    with seeded.write() as connection:
        connection.execute("UPDATE core.gpu_rate SET printed = 'an older release' WHERE gpu = 'H100'")
        connection.execute("DELETE FROM core.gpu_rate WHERE gpu = 'K80'")
    assert seed_gpu_rate_history(seeded) > 0
    assert fingerprints(seeded) == before


def test_it_ranks_after_every_source_and_is_no_offer_of_today(seeded):
    order = ranks()
    assert order[GPU_RATE_HISTORY] > max(order[source.key] for source in SOURCES)
    with seeded.write() as connection:
        assert read_table(connection, "core.gpu_rate", "known_to IS NULL AND valid_to IS NULL AND is_listed").is_empty()
    assert built(seeded, "gpu_rate_current", "source") == []
