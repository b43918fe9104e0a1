"""List prices as records of SKU Price, held against what the draft of FOCUS 1.5 says of the dataset."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from pipelines.costs.focus import INPUT_SCHEMA as USAGE_SCHEMA
from pipelines.costs.focus import focus_rows
from pipelines.costs.focus_sku_prices import INPUT_SCHEMA, sku_price_rows
from pipelines.schema.meters import METERS
from pipelines.schema.offers import CHANNELS, SERVICE_TIERS
from tests.unit.costs.test_focus import PRICED

MANDATORY = {
    "ChargeCategory", "ContractId", "PricingCurrency", "PricingCurrencyCategory", "PricingServiceName", "PricingUnit",
    "ServiceProviderName", "SkuId", "SkuPriceCreated", "SkuPriceDescription", "SkuPriceEffectiveEnd",
    "SkuPriceEffectiveStart", "SkuPriceEligibility", "SkuPriceId", "SkuPriceLastUpdated", "UnitPrice", "UnitPriceType",
}  # fmt: skip
"""Columns that SkuPrice MUST include; PricingRegionId, too, since models are sold by region."""
NULLABLE = {"ContractId", "SkuPriceEffectiveEnd", "SkuPriceEffectiveStart", "PricingRegionId"}
JANUARY, JUNE, NOW = datetime(2026, 1, 1), datetime(2026, 6, 1), datetime(2026, 7, 1)
PRICE = {
    "provider": "openai", "channel": "api", "region": "global", "model": "gpt-5-mini", "service_tier": "standard",
    "meter": "output", "time_window": "always", "unit": "mtok", "source": "page", "context_from": 0,
    "usd_per_unit": Decimal(2), "valid_from": JANUARY, "valid_to": None, "first_known": JANUARY, "known_from": NOW,
}  # fmt: skip
RANKS = pl.DataFrame({"source": ["page", "feed"], "rank": [1, 2]})


def records(*rows):
    return sku_price_rows(pl.DataFrame([PRICE | row for row in rows], schema=INPUT_SCHEMA), RANKS)


def test_a_price_that_changes_keeps_its_id():
    found = records({"valid_to": JUNE}, {"valid_from": JUNE, "usd_per_unit": Decimal(3)})
    assert found["SkuPriceId"].n_unique() == 1
    names = ("UnitPrice", "SkuPriceEffectiveStart", "SkuPriceEffectiveEnd", "UnitPriceType", "PricingUnit")
    begin, end = JANUARY.replace(tzinfo=UTC), JUNE.replace(tzinfo=UTC)
    assert found.select(names).rows() == [
        (Decimal(2), begin, end, "List", "1000000 Tokens"),
        (Decimal(3), end, None, "List", "1000000 Tokens"),
    ]


def test_charges_name_the_price_that_they_were_made_of():
    charge = focus_rows(pl.DataFrame([PRICED], schema=USAGE_SCHEMA)).row(0, named=True)
    (record,) = records({}).iter_rows(named=True)
    for name in ("SkuId", "SkuPriceId", "ServiceProviderName", "PricingUnit"):
        assert record[name] == charge[name]
    assert record["UnitPrice"] == charge["ListUnitPrice"]


def test_of_two_sources_that_list_a_price_the_first_counts():
    found = records({}, {"source": "feed", "usd_per_unit": Decimal(9)}, {"source": "feed", "meter": "cache_read"})
    assert sorted(found.select("UnitPrice", "x_Source").rows()) == [(Decimal(2), "feed"), (Decimal(2), "page")]


VERSION = st.fixed_dictionaries(
    {
        "channel": st.sampled_from(CHANNELS),
        "region": st.sampled_from(["global", "eu-west-1"]),
        "service_tier": st.sampled_from(SERVICE_TIERS),
        "meter": st.sampled_from(METERS),
        "context_from": st.sampled_from([0, 200_001]),
        "source": st.sampled_from(["page", "feed"]),
        "valid_to": st.sampled_from([None, JUNE]),
    }
)


@given(st.lists(VERSION, min_size=1, max_size=8))
def test_any_price_list_obeys_the_draft(rows):
    key = ("channel", "region", "service_tier", "meter", "context_from", "source")
    found = records(*{tuple(row[name] for name in key): row for row in rows}.values())
    assert {name for name in found.columns if not name.startswith("x_")} == MANDATORY | {"PricingRegionId"}
    for name in set(found.columns) - NULLABLE:
        assert found[name].null_count() == 0, name
    identity = ("ServiceProviderName", "SkuPriceId", "ContractId", "PricingCurrency", "UnitPriceType")
    assert not found.select(*identity, "SkuPriceEffectiveStart").is_duplicated().any()
    assert found.group_by("SkuPriceId").agg(pl.col("SkuId").n_unique())["SkuId"].max() == 1
    for row in found.iter_rows(named=True):
        assert row["UnitPrice"] >= 0
        assert (row["ChargeCategory"], row["PricingCurrencyCategory"]) == ("Usage", "Payable")
        assert row["SkuPriceEffectiveEnd"] is None or row["SkuPriceEffectiveEnd"] > row["SkuPriceEffectiveStart"]
        assert row["SkuPriceLastUpdated"] >= row["SkuPriceCreated"]
        assert json.loads(row["SkuPriceEligibility"]) == {"IsGlobalScope": True}
