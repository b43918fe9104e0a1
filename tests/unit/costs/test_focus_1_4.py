"""Charges in FOCUS 1.4 and with the token properties of 1.5's draft, held against the specification's own rules.

The rules are data: tests/usage_files/focus_1_4_rules.csv names each by the section of the specification, says it as SQL
on one row or on all of them, and how to change good charges so that it no longer holds.
"""

import csv
import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.costs.contract_charges import USAGE_KEY, contract_charges
from pipelines.costs.focus import INPUT_SCHEMA, focus_rows
from pipelines.costs.focus_contract import contract_rows
from pipelines.costs.focus_plans import cover, purchase_rows
from pipelines.costs.plan_fees import FEE_SCHEMA
from pipelines.schema.meters import METERS, TOKEN_METERS, UNIT_SIZES
from pipelines.schema.offers import CHANNELS
from tests.unit.costs.contract_rows import terms
from tests.unit.costs.priced_rows import price, segment
from tests.unit.costs.test_focus import PRICED, TYPES

FILES = Path(__file__).parents[2] / "usage_files"
COLUMNS = pl.read_csv(FILES / "focus_1_4_columns.csv")
"""Facts of the specification: its table of the dataset Cost and Usage, without what the draft of 1.5 adds."""
RULES = list(csv.DictReader((FILES / "focus_1_4_rules.csv").read_text().splitlines()))
NOT_APPLICABLE = {
    "AllocatedMethodDetails", "AllocatedMethodId", "AllocatedResourceId", "AllocatedResourceName", "AllocatedTags",
    "AvailabilityZone", "BillingAccountType", "CapacityReservationId", "CapacityReservationStatus",
    "CommitmentDiscountCategory", "CommitmentDiscountId", "CommitmentDiscountName", "CommitmentDiscountQuantity",
    "CommitmentDiscountStatus", "CommitmentDiscountType", "CommitmentDiscountUnit",
    "CommitmentProgramEligibilityDetails", "ContractApplied", "InvoiceDetailId", "InvoiceId", "PricingCurrency",
    "PricingCurrencyContractedUnitPrice", "PricingCurrencyEffectiveCost", "PricingCurrencyListUnitPrice", "ResourceId",
    "ResourceName", "ResourceType", "SubAccountType", "Tags",
}  # fmt: skip
"""Columns whose condition does not hold here, each with its reason in docs/decisions/0054."""


def usage(**differences):
    row = PRICED | differences
    size = UNIT_SIZES[row["unit"]]
    cost = Decimal(row["quantity"]) / size * row["usd_per_unit"]
    agreed = {"contracted_usd_per_unit": row["usd_per_unit"], "effective_cost_usd": cost}
    if row["term_id"]:
        half = row["usd_per_unit"] / 2
        agreed = {"contracted_usd_per_unit": half, "effective_cost_usd": Decimal(row["quantity"]) / size * half}
    return row | {"cost_usd": cost} | agreed


def of_meter(meter, **differences):
    unit = "mtok" if meter in TOKEN_METERS else "thousand_calls"
    return usage(meter=meter, unit=unit, usd_per_unit=Decimal("1.25"), **differences)


def all_kinds():
    """Usage of each meter and channel, of a price before and after it changed, in two accounts and two months.

    With it three plans: one that covers usage, one that covers usage without a cost, and one that covers none; and an
    account with a contract of each kind of charge.
    """
    changed = {"model": "changed", "listed_model": "changed"}
    rows = [
        *(of_meter(meter, channel=channel, listed_channel=channel) for meter in METERS for channel in CHANNELS),
        usage(**changed, price_id="p1"),
        usage(**changed, price_id="p2", usd_per_unit=Decimal(3), usage_date=date(2025, 12, 31), account_id="acct"),
        usage(region="eu-west-1", listed_region="eu-west-1", project_id=None),
        usage(term_id="half the list price"),
    ]
    for plan, usd in (("used", "3.7"), ("used", "0.1"), ("free", "0")):
        under = {"plan_id": plan, "plan": plan, "plan_owner": f"user/{plan}"}
        rows.append(usage(**under, model=f"m{usd}", quantity=10**6, usd_per_unit=Decimal(usd)))
    fees = [FEE | {"plan_id": plan, "plan": plan, "id": plan} for plan in ("used", "free", "idle")]
    fees.append(FEE | {"plan_id": "used", "plan": "used", "id": "used", "usage_date": date(2025, 10, 8)})
    covered, known = cover(pl.DataFrame(rows, schema=INPUT_SCHEMA), pl.DataFrame(fees, schema=FEE_SCHEMA))
    charges = focus_rows(covered)
    return pl.concat(
        [charges, purchase_rows(known, charges.schema), focus_rows(taxed()), contract_rows(due(), charges.schema)]
    )


def taxed():
    """Usage of October 2025 under a contract: 20 USD at list prices, 10 as agreed."""
    agreed = {"term_id": "half", "account_id": "taxed", "usage_date": date(2025, 10, 7), "model": "taxed"}
    listed = {"unit": "mtok", "usd_per_unit": Decimal(2), "quantity": 10**7, "listed_model": "taxed", "meter": "output"}
    return pl.DataFrame([usage(**agreed, **listed)], schema=INPUT_SCHEMA)


CONTRACT = (
    "commitment,taxed,openai,,,,,25,month,minimum,2025-10-01,2025-11-01",
    "credit,taxed,,,,,,3,,start-up credit,,",
    "marketplace,taxed,,,,,,10,,,,",
    "tax,taxed,,,,,,19,,VAT,,",
)


def due():
    rows = taxed().select(*(pl.col(name) for name in USAGE_KEY), "effective_cost_usd", list_cost_usd="cost_usd")
    rows = rows.with_columns(is_unrated=False)
    return contract_charges(rows, terms(*CONTRACT), date(2025, 11, 1))


def test_what_a_contract_has_beside_usage_by_hand():
    """Usage of 10 USD, 20 at list prices.

    The marketplace takes 10 %: 1, and 2 at list prices. Of 25 that were committed 15 are missing. A credit pays 3. The
    tax is 19 % of 10 + 1 - 3 + 15 = 23, which is 4.37, and at list prices of 20 + 2 - 3 + 15 = 34, which is 6.46.
    """
    columns = focus_rows(taxed()).schema
    found = contract_rows(due(), columns)
    told = found.select("ChargeCategory", "SkuMeter", "BilledCost", "ContractedCost", "EffectiveCost", "ListCost")
    assert sorted(told.rows(), key=lambda row: row[2]) == [
        ("Credit", None, -3, -3, -3, -3),
        ("Purchase", "marketplace", 1, 1, 1, 2),
        ("Tax", None, Decimal("4.37"), Decimal("4.37"), Decimal("4.37"), Decimal("6.46")),
        ("Purchase", "commitment", 15, 15, 15, 15),
    ]
    assert set(found["BillingAccountId"]) == {"taxed"}
    assert set(found.select(pl.col("ChargePeriodStart", "ChargePeriodEnd").dt.date()).rows()) == {
        (date(2025, 10, 1), date(2025, 11, 1))
    }
    # The line that names nobody who bills.
    assert set(found.select("ChargeCategory", "InvoiceIssuerName").rows()) == {
        ("Credit", "unknown"), ("Purchase", "unknown"), ("Tax", "unknown"), ("Purchase", "openai")
    }  # fmt: skip


def test_the_shortfall_of_a_term_is_of_its_last_month():
    line = "commitment,,openai,,,,,25,term,,2025-08-15,2025-10-15"
    charges = contract_charges(pl.DataFrame(schema=due_schema()), terms(line), date(2026, 1, 1))
    (row,) = contract_rows(charges, focus_rows(taxed()).schema).iter_rows(named=True)
    assert [row[name].date() for name in ("ChargePeriodStart", "ChargePeriodEnd", "BillingPeriodEnd")] == [
        date(2025, 10, 1), date(2025, 10, 15), date(2025, 11, 1)
    ]  # fmt: skip


def due_schema():
    usd = dict.fromkeys(("effective_cost_usd", "list_cost_usd"), pl.Decimal(38, 12))
    return {"usage_date": pl.Date, **dict.fromkeys(USAGE_KEY[1:], pl.String), **usd, "is_unrated": pl.Boolean}


FEE = {
    "usage_date": date(2025, 10, 7),
    "provider": "anthropic",
    "kind": "user",
    "owner_seats": Decimal(1),
    "currency": "USD",
    "fee": Decimal("6.451612903225"),
    "usd_per_currency": Decimal(1),
    "fee_usd": Decimal("6.451612903225"),
}


@pytest.fixture(scope="module")
def connection():
    with duckdb.connect() as opened:
        opened.register("found", all_kinds().to_arrow())
        opened.execute("CREATE TABLE good AS FROM found")
        yield opened


def holds(connection, rule):
    query = {"row": "SELECT bool_and(coalesce({}, false)) FROM charges", "dataset": "SELECT {}"}[rule["grain"]]
    ((found,),) = connection.execute(query.format(rule["holds"])).fetchall()
    return found


@pytest.mark.parametrize("rule", RULES, ids=[f"{rule['section']}: {rule['rule']}"[:70] for rule in RULES])
def test_a_rule_of_the_specification(connection, rule):
    connection.execute("CREATE OR REPLACE TABLE charges AS FROM good")
    assert holds(connection, rule) is True
    connection.execute("CREATE OR REPLACE TABLE charges AS SELECT * {} FROM good".replace("{}", rule["broken_by"]))
    assert holds(connection, rule) is False


def test_every_mandatory_and_applicable_column_is_there_and_no_other():
    named = set(all_kinds().columns)
    assert set(COLUMNS["column"]) - named == NOT_APPLICABLE
    assert {name for name in named - set(COLUMNS["column"]) if not name.startswith("x_")} == set()


def test_types_nulls_and_values_are_those_of_the_column_list():
    found = all_kinds()
    for column, _, allows_nulls, data_type, allowed in COLUMNS.iter_rows():
        if column in found.columns:
            assert found[column].dtype == TYPES[data_type], column
            assert allows_nulls or found[column].null_count() == 0, column
            assert not allowed or set(found[column].drop_nulls()) <= set(allowed.split("|")), column


# The specification's appendix "AI Prompt Caching", scenario A: tokens, their list price per million, their cost, and
# the properties of the token that its row carries. Scenario B's tokens are the same but for the writes, which its
# provider counts as input; its storage by token-hours is no meter of ours.
SCENARIO_A = {
    "input_uncached": (500_000, "3.00", "1.50", {"TokenDirection": "Input", "TokenCacheAction": "Uncached"}),
    "cache_write_5m": (2_000_000, "3.75", "7.50", {"TokenDirection": "Input", "TokenCacheAction": "Write"}),
    "cache_read": (8_000_000, "0.30", "2.40", {"TokenDirection": "Input", "TokenCacheAction": "Read"}),
    "output": (1_500_000, "15.00", "22.50", {"TokenDirection": "Output"}),
}
SCENARIO_B = {"input_uncached": (2_500_000, "3.00", "7.50"), "cache_read": (8_000_000, "0.30", "2.40")}


def exported(scenario, version="1.5-draft"):
    """Usage with the tokens of a scenario, priced by the engine at its prices, as charges by meter."""
    usage_row = {f"{meter}_tokens": facts[0] for meter, facts in scenario.items()}
    costs = price(
        [usage_row], [segment(meter, facts[1], index) for index, (meter, facts) in enumerate(scenario.items())]
    )
    listed = {name: value for name, value in PRICED.items() if name not in costs.columns}
    rows = costs.with_columns(**{name: pl.lit(value) for name, value in listed.items()})
    found = focus_rows(rows.select(INPUT_SCHEMA.keys()).cast(INPUT_SCHEMA), version)
    return {row["SkuMeter"]: row for row in found.iter_rows(named=True)}


def test_the_prompt_caching_example_of_the_specification_to_the_cent():
    charges = exported(SCENARIO_A)
    for meter, (tokens, unit_price, cost, properties) in SCENARIO_A.items():
        charge = charges[meter]
        amounts = {charge[name] for name in ("BilledCost", "EffectiveCost", "ContractedCost", "ListCost")}
        assert amounts == {Decimal(cost)}, meter
        assert (charge["ListUnitPrice"], charge["PricingUnit"]) == (Decimal(unit_price), "1000000 Tokens")
        assert (charge["ConsumedQuantity"], charge["ConsumedUnit"]) == (tokens, "Tokens")
        assert charge["PricingQuantity"] == Decimal(tokens) / 1_000_000
        details = json.loads(charge["SkuPriceDetails"])
        assert {name: value for name, value in details.items() if name.startswith("Token")} == properties
    # "the input-side charges total $1.50 + $7.50 + $2.40 = $11.40", and with the output 33.90.
    assert sum(charge["BilledCost"] for meter, charge in charges.items() if meter != "output") == Decimal("11.40")
    assert sum(charge["BilledCost"] for charge in charges.values()) == Decimal("33.90")
    # Scenario B: "the input-side charges total $7.50 + $2.40", which is 9.90.
    assert sum(charge["BilledCost"] for charge in exported(SCENARIO_B).values()) == Decimal("9.90")


@pytest.mark.parametrize("version", ["1.4", "1.5-draft"])
def test_properties_of_tokens_are_written_only_where_the_version_defines_them(version):
    details = [json.loads(row["SkuPriceDetails"]) for row in exported(SCENARIO_A, version).values()]
    own = {name for one in details for name in one if not name.startswith("x_")}
    defined = {"ModelDeveloper", "ModelId", "TokenDirection", "TokenCacheAction"}
    assert own == (defined if version == "1.5-draft" else set())


@pytest.mark.parametrize("meter", METERS)
def test_no_meter_carries_a_token_property_that_does_not_apply(meter):
    rows = pl.DataFrame([of_meter(meter)], schema=INPUT_SCHEMA)
    details = json.loads(focus_rows(rows, "1.5-draft")["SkuPriceDetails"][0])
    if meter not in TOKEN_METERS:
        assert not {"TokenDirection", "TokenCacheAction"} & set(details)
    elif meter.endswith("output"):
        assert details["TokenDirection"] == "Output"
        assert "TokenCacheAction" not in details
    else:
        assert (details["TokenDirection"], details["TokenCacheAction"]) == (
            "Input",
            "Read" if "read" in meter else "Write" if "write" in meter else "Uncached",
        )


def test_the_fee_of_a_day_is_the_effective_cost_of_what_it_covers():
    """6.451612903225 USD for usage of 3.7 and 0.1 USD: 37/38 of it are 6.28183361629802..., the rest 0.169779286927.

    On the 8th the plan covers nothing, so the fee is its own effective cost, as it is of a plan that nobody uses.
    """
    found = all_kinds().filter(pl.col("x_PlanName").is_not_null())
    told = found.select(
        "ChargeCategory", "x_PlanName", pl.col("ChargePeriodStart").dt.day(), "BilledCost", "EffectiveCost"
    )
    fee = FEE["fee_usd"]
    assert told.rows() == [
        ("Usage", "used", 7, 0, Decimal("6.281833616298")),
        ("Usage", "used", 7, 0, Decimal("0.169779286927")),
        ("Usage", "free", 7, 0, 0),
        ("Purchase", "used", 7, fee, 0),
        ("Purchase", "free", 7, fee, fee),
        ("Purchase", "idle", 7, fee, fee),
        ("Purchase", "used", 8, fee, fee),
    ]


@given(st.lists(st.integers(0, 10**20), min_size=1, max_size=12), st.integers(0, 10**18))
def test_parts_of_a_fee_add_up_to_it_whatever_it_covers(costs, fee):
    under = {"plan_id": "p", "plan": "p", "plan_owner": "user/a"}
    rows = [usage(**under) | {"cost_usd": Decimal(cost).scaleb(-12)} for cost in costs]
    one = FEE | {"plan_id": "p", "plan": "p", "id": "a", "fee_usd": Decimal(fee).scaleb(-12)}
    covered, known = cover(pl.DataFrame(rows, schema=INPUT_SCHEMA), pl.DataFrame([one], schema=FEE_SCHEMA))
    (covers,) = known["covers"]
    assert covers == any(costs)
    assert covered["covered_usd"].sum() == (one["fee_usd"] if covers else 0)
    assert covered["covered_usd"].min() >= 0


@pytest.mark.parametrize("version", ["1.2", "1.4", "1.5-draft"])
def test_every_version_has_room_for_purchases_credits_and_taxes(version):
    charges = focus_rows(pl.DataFrame([PRICED], schema=INPUT_SCHEMA), version)
    one = pl.DataFrame([FEE | {"plan_id": "p", "plan": "p", "id": "a"}], schema=FEE_SCHEMA)
    (purchase,) = purchase_rows(one.with_columns(covers=pl.lit(value=False)), charges.schema).iter_rows(named=True)
    beside = contract_rows(due(), charges.schema)
    assert pl.concat([charges, beside]).filter(pl.col("BilledCost").is_null()).is_empty()
    assert set(beside["ChargeCategory"]) == {"Purchase", "Credit", "Tax"}
    assert purchase["ChargeCategory"] == "Purchase"
    assert (
        purchase["InvoiceIssuerName"]
        == purchase.get("ProviderName", purchase.get("ServiceProviderName"))
        == "anthropic"
    )
