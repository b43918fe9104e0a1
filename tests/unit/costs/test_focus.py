"""Charges in FOCUS 1.2, held against the specification's own column list: names, nulls, types, allowed values."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.costs.focus import INPUT_SCHEMA, focus_rows
from pipelines.schema.meters import METERS
from pipelines.schema.offers import CHANNELS

COLUMNS = pl.read_csv(Path(__file__).parents[2] / "usage_files" / "focus_1_2_columns.csv")
"""Facts of the specification (tag v1.2); the allowed subcategories are those of AI and Machine Learning."""
TYPES = {
    "Decimal": pl.Decimal(38, 12),
    "String": pl.String(),
    "Date/Time": pl.Datetime("us", "UTC"),
    "JSON": pl.String(),
}
NOT_APPLICABLE = {
    "BillingAccountType", "CapacityReservationId", "CapacityReservationStatus", "CommitmentDiscountCategory",
    "CommitmentDiscountId", "CommitmentDiscountName", "CommitmentDiscountQuantity", "CommitmentDiscountStatus",
    "CommitmentDiscountType", "CommitmentDiscountUnit", "PricingCurrency",
    "PricingCurrencyContractedUnitPrice", "PricingCurrencyEffectiveCost", "PricingCurrencyListUnitPrice", "ResourceId",
    "ResourceName", "ResourceType", "SubAccountType", "Tags",
}  # fmt: skip
"""Conditional columns whose condition does not hold here, each with its reason in docs/decisions/0016."""
PRICED = {
    "usage_date": date(2025, 10, 7),
    "provider": "openai",
    "channel": "api",
    "region": "global",
    "model": "gpt-5-mini-2025-08-07",
    "service_tier": "standard",
    "account_id": "default",
    "project_id": "proj_A",
    "api_key_id": "key_A",
    "meter": "output",
    "price_id": "p1",
    "unit": "mtok",
    "usd_per_unit": Decimal(2),
    "quantity": 274_770,
    "cost_usd": Decimal("0.54954"),
    "term_id": None,
    "contracted_usd_per_unit": Decimal(2),
    "effective_cost_usd": Decimal("0.54954"),
    "is_lower_bound": False,
    "listed_provider": "openai",
    "listed_channel": "api",
    "listed_region": "global",
    "listed_model": "gpt-5-mini",
    "listed_tier": "standard",
    "source": "openai_pricing",
    "fetch_url": "https://example.org/pricing",
    "time_window": "always",
    "context_from": 0,
    "context_to": None,
    "plan_id": None,
    "plan": None,
    "plan_owner": None,
    "covered_usd": None,
}


def charges(*differences, version="1.2"):
    return focus_rows(pl.DataFrame([PRICED | row for row in differences or ({},)], schema=INPUT_SCHEMA), version)


def test_the_column_list_is_that_of_the_specification():
    assert COLUMNS.height == 57
    assert dict(COLUMNS.group_by("feature_level").len().iter_rows()) == {
        "Mandatory": 21,
        "Conditional": 32,
        "Recommended": 4,
    }


def test_every_mandatory_and_applicable_column_is_there_and_no_other():
    named = set(charges().columns)
    wanted = COLUMNS.filter(pl.col("feature_level") != "Recommended")["column"].to_list()
    assert set(wanted) - named == NOT_APPLICABLE
    assert {name for name in named - set(COLUMNS["column"]) if not name.startswith("x_")} == set()


ROW = st.fixed_dictionaries(
    {
        "channel": st.sampled_from(CHANNELS),
        "region": st.sampled_from(["global", "eu-west-1"]),
        "project_id": st.sampled_from([None, "proj_A"]),
        "api_key_id": st.sampled_from([None, "key_A"]),
        "meter": st.sampled_from(METERS),
        "quantity": st.integers(1, 10**15),
        "usd_per_unit": st.integers(0, 2_000_000_000).map(lambda micros: Decimal(micros).scaleb(-6)),
        "usage_date": st.dates(date(2020, 1, 1), date(2030, 12, 31)),
    }
)


def with_cost(row):
    is_fee = row["meter"] in ("requests", "web_searches")
    size = 1_000 if is_fee else 1_000_000
    cost = Decimal(row["quantity"]).scaleb(-3 if is_fee else -6) * row["usd_per_unit"]
    unit = "thousand_calls" if size == 1_000 else "mtok"
    agreed = {"contracted_usd_per_unit": row["usd_per_unit"], "effective_cost_usd": cost}
    return row | agreed | {"unit": unit, "cost_usd": cost}


@given(st.lists(ROW, min_size=1, max_size=5))
def test_any_charge_obeys_the_specification(rows):
    found = charges(*(with_cost(row) for row in rows))
    for column, _, allows_nulls, data_type, allowed in COLUMNS.iter_rows():
        if column not in found.columns:
            continue
        values = found[column]
        assert values.dtype == TYPES[data_type], column
        assert allows_nulls or values.null_count() == 0, column
        if allowed:
            assert set(values.drop_nulls()) <= set(allowed.split("|")), column
    # Rules of the specification for charges of category Usage that correct nothing.
    for column in (
        "ListUnitPrice",
        "PricingCategory",
        "PricingQuantity",
        "PricingUnit",
        "ConsumedQuantity",
        "SkuPriceId",
    ):
        assert found[column].null_count() == 0, column
    for row in found.iter_rows(named=True):
        assert row["ListUnitPrice"] * row["PricingQuantity"] == row["ListCost"]
        assert row["ChargePeriodStart"] < row["ChargePeriodEnd"] <= row["BillingPeriodEnd"]
        assert row["BillingPeriodStart"] <= row["ChargePeriodStart"]
        assert (row["RegionId"] is None) == (row["RegionName"] is None)
        assert all(name.startswith("x_") for name in json.loads(row["SkuPriceDetails"]))


def test_a_charge_of_a_real_bill():
    """The output tokens of 2025-10-07 in the account of tests/golden/test_three_dollar_figures.py."""
    (charge,) = charges().iter_rows(named=True)
    assert charge["BilledCost"] == charge["EffectiveCost"] == charge["ListCost"] == Decimal("0.54954")
    assert charge["x_CostBasis"] == "list price"
    assert (charge["PricingQuantity"], charge["PricingUnit"]) == (Decimal("0.27477"), "1000000 Tokens")
    assert (charge["ConsumedQuantity"], charge["ConsumedUnit"]) == (Decimal(274_770), "Tokens")
    assert charge["ChargeDescription"] == (
        "gpt-5-mini-2025-08-07 output, standard tier, 2.000000 USD per 1000000 Tokens"
    )
    assert (charge["SkuId"], charge["SkuMeter"], charge["SkuPriceId"]) == ("openai/gpt-5-mini/output", "output", "p1")
    assert json.loads(charge["SkuPriceDetails"]) == {
        "x_ServiceTier": "standard", "x_TimeWindow": "always", "x_ContextFrom": 0, "x_ContextTo": None,
    }  # fmt: skip
    assert (charge["ProviderName"], charge["PublisherName"], charge["SubAccountId"]) == ("openai", "openai", "proj_A")
    assert charge["ServiceName"] == "openai API"
    assert charge["x_FetchUrl"] == "https://example.org/pricing"
    assert (charge["BillingPeriodStart"], charge["BillingPeriodEnd"]) == (
        datetime(2025, 10, 1, tzinfo=UTC),
        datetime(2025, 11, 1, tzinfo=UTC),
    )


def test_a_platform_bills_for_the_model_of_another():
    row = {"channel": "bedrock", "provider": "anthropic", "region": "eu-west-1", "listed_provider": "anthropic"}
    (charge,) = charges(row).iter_rows(named=True)
    assert charge["InvoiceIssuerName"] == charge["ProviderName"] == charge["BillingAccountId"] == "Amazon Web Services"
    assert (charge["PublisherName"], charge["ServiceName"], charge["RegionId"]) == (
        "anthropic", "Amazon Bedrock", "eu-west-1",
    )  # fmt: skip


def test_calls_are_priced_by_the_thousand():
    row = {"meter": "web_searches", "unit": "thousand_calls", "quantity": 1_500, "usd_per_unit": Decimal(10)}
    (charge,) = charges(row | {"cost_usd": Decimal(15)}).iter_rows(named=True)
    assert (charge["PricingQuantity"], charge["PricingUnit"]) == (Decimal("1.5"), "1000 Searches")
    assert charge["ConsumedUnit"] == "Searches"


def test_usage_without_a_price_is_refused_not_exported_as_zero():
    with pytest.raises(ValueError, match="needs a cost"):
        charges({"cost_usd": None, "effective_cost_usd": None})


def test_the_contract_beside_the_list():
    """274,770 tokens at 1.70 instead of 2 USD per million: 0.467109 instead of 0.54954 USD."""
    agreed = {"term_id": "t1", "contracted_usd_per_unit": Decimal("1.7"), "effective_cost_usd": Decimal("0.467109")}
    of_list, of_contract = charges(
        agreed, agreed | {"price_id": None, "usd_per_unit": None, "cost_usd": None}
    ).iter_rows(named=True)
    for charge in (of_list, of_contract):
        assert charge["ContractedCost"] == charge["EffectiveCost"] == charge["BilledCost"] == Decimal("0.467109")
        assert charge["ContractedUnitPrice"] * charge["PricingQuantity"] == charge["ContractedCost"]
        assert (charge["x_CostBasis"], charge["x_ContractTermId"]) == ("contract", "t1")
    assert (of_list["ListCost"], of_list["ListUnitPrice"], of_list["SkuPriceId"]) == (Decimal("0.54954"), 2, "p1")
    assert (of_contract["ListCost"], of_contract["ListUnitPrice"]) == (Decimal("0.467109"), Decimal("1.7"))
    assert of_contract["SkuPriceId"] == "t1"


def test_no_usage_is_a_header():
    empty = focus_rows(pl.DataFrame(schema=INPUT_SCHEMA), "1.2")
    assert empty.height == 0
    assert empty.columns == charges().columns
