"""Our cost beside a bill: on the level that the bill tells, and what may explain a gap. Amounts by hand."""

from datetime import datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.costs.our_prices import OurPrices
from pipelines.costs.reconciliation import compare, models_to_price
from pipelines.schema.offers import MODEL_KEY
from pipelines.schema.price_segments import SEGMENT_SCHEMA
from pipelines.schema.reported_costs import CostComparison
from pipelines.usage.contract import usage_frame
from tests.unit.costs.contract_rows import terms
from tests.unit.costs.reported_rows import START, line, reported

NOON = START + timedelta(hours=12)


def usage(model="gpt-x", tokens=100_000, **differences):
    """One request: 100,000 output tokens of gpt-x are 1 USD."""
    return {
        "usage_id": f"{model} {tokens} {differences}",
        "usage_at": NOON,
        "grain": "request",
        "provider": "openai",
        "channel": "api",
        "region": "global",
        "model": model,
        "service_tier": "standard",
        "output_tokens": tokens,
        "format": "log",
        "import_id": "i",
        "source_line": 1,
    } | differences


def segment(model, tier, meter, usd, number):
    return {
        "provider": "openai",
        "channel": "api",
        "region": "global",
        "model": model,
        "service_tier": tier,
        "meter": meter,
        "segment_id": number,
        "valid_from": datetime(2026, 1, 1),
        "context_from": 0,
        "time_window": "always",
        "unit": "thousand_calls" if meter == "web_searches" else "mtok",
        "usd_per_unit": Decimal(usd),
        "price_id": f"p{number}",
        "source": "openai_pricing",
    }


LISTED = pl.DataFrame(schema={"price_id": pl.String, "listed_model": pl.String})
MODELS = ("gpt-x", "gpt-x-2026-01-15", "gpt-y")
SEGMENTS = pl.DataFrame(
    [
        segment(model, tier, meter, usd, number)
        for number, (model, (tier, meter, usd)) in enumerate(
            (model, price)
            for model in MODELS
            for price in (
                ("standard", "output", "10"),
                ("standard", "input_uncached", "1"),
                ("standard", "web_searches", "10"),
                ("batch", "output", "5"),
                ("batch", "input_uncached", "0.5"),
                ("flex", "output", "5"),
                ("priority", "output", "20"),
            )
        )
    ],
    schema=SEGMENT_SCHEMA,
)  # fmt: skip
SIDES = ("model", "computed_usd", "billed_usd")


def compared(rows, lines, *columns, agreed=(), **group):
    """Rows of the comparison, in its own order; `columns` of them, for one group if named."""
    frame = usage_frame(rows)
    prices = OurPrices(SEGMENTS, terms(*agreed), LISTED)
    found = compare(frame.lazy(), prices.of(frame.lazy()), reported(*lines), prices)
    return pl.DataFrame(CostComparison.validate(found)).filter(**group).select(columns).rows()


def test_a_bill_without_models_is_compared_as_a_whole():
    rows = [usage(), usage("gpt-y", 50_000)]
    assert compared(rows, [line("1.40")], *SIDES) == [(None, Decimal("1.5"), Decimal("1.4"))]


def test_a_bill_by_model_is_compared_by_model_whatever_the_snapshot():
    rows = [usage("gpt-x-2026-01-15"), usage("gpt-y", 50_000)]
    lines = [line("0.60", model="gpt-x"), line("0.40", model="gpt-x"), line("0.50", model="gpt-y-2026-02-01")]
    assert compared(rows, lines, *SIDES, "report_lines") == [
        ("gpt-x", Decimal(1), Decimal(1), 2),
        ("gpt-y", Decimal("0.5"), Decimal("0.5"), 1),
    ]


def test_what_the_bill_does_not_name_is_compared_with_its_lines_without_a_model():
    rows = [usage(), usage("gpt-y", 50_000)]
    assert compared(rows, [line("1.00", model="gpt-x"), line("0.70", line_item="other")], *SIDES) == [
        (None, Decimal("0.5"), Decimal("0.7")),
        ("gpt-x", Decimal(1), Decimal(1)),
    ]


def test_a_model_that_a_bill_by_model_leaves_out_has_nothing_billed():
    rows = [usage(), usage("gpt-y", 50_000)]
    assert compared(rows, [line("1.00", model="gpt-x")], *SIDES, "report") == [
        ("gpt-x", Decimal(1), Decimal(1), "costs_api"),
        ("gpt-y", Decimal("0.5"), None, "costs_api"),
    ]


def test_a_credit_names_no_model_and_joins_none():
    lines = [line("1.00", model="gpt-x"), line("-0.25", is_credit=True)]
    assert compared([usage()], lines, *SIDES, "credit_usd") == [
        (None, None, None, Decimal("-0.25")),
        ("gpt-x", Decimal(1), Decimal(1), None),
    ]


def test_a_fee_that_is_billed_without_a_model_is_compared_without_one():
    rows = [usage(), usage(tokens=None, web_searches=500)]
    lines = [line("1.00", model="gpt-x"), line("5.00", line_item="web search", meter="web_searches")]
    assert compared(rows, lines, *SIDES) == [
        (None, Decimal(5), Decimal(5)),
        ("gpt-x", Decimal(1), Decimal(1)),
    ]


def test_projects_are_compared_where_both_sides_know_them():
    rows = [usage(project_id="a"), usage(project_id="b", tokens=50_000)]
    lines = [line("1.00", project_id="a", model="gpt-x"), line("0.50", project_id="b", model="gpt-x")]
    columns = ("project_id", "api_key_id", "computed_usd", "billed_usd")
    assert compared(rows, lines, *columns) == [
        ("a", None, Decimal(1), Decimal(1)),
        ("b", None, Decimal("0.5"), Decimal("0.5")),
    ]
    rows.append(usage(tokens=10_000))
    assert compared(rows, lines, *columns) == [(None, None, Decimal("1.6"), Decimal("1.5"))]


def test_usage_and_bill_of_one_side_only():
    assert compared([usage()], [], *SIDES, "has_usage", "report") == [("gpt-x", Decimal(1), None, True, None)]
    assert compared([], [line("1.00")], *SIDES, "has_usage", "report") == [(None, None, Decimal(1), False, "costs_api")]


def test_usage_without_a_price_is_counted_not_valued():
    rows = [usage("gpt-unknown", 7), usage("gpt-unknown", 5, service_tier="batch")]
    columns = ("computed_usd", "unpriced_quantity", "other_tier_usd", "list_usd")
    assert compared(rows, [line("1.00", model="gpt-unknown")], *columns) == [(None, 12, None, None)]
    assert compared([*rows, usage()], [line("5.00")], *columns) == [(Decimal(1), 12, None, None)]


def test_usage_that_costs_what_is_billed_at_another_tier():
    columns = ("other_tiers", "other_tier_usd")
    half = [line("0.50", model="gpt-x")]
    assert compared([usage()], half, *columns) == [("batch for standard or flex for standard", Decimal("0.5"))]
    double = [line("2.00", model="gpt-x")]
    assert compared([usage()], double, *columns) == [("priority for standard", Decimal(2))]
    # A part of the usage: 1 USD of standard and 0.25 of batch, billed as if the batch had been standard.
    mixed = [usage(), usage(tokens=50_000, service_tier="batch")]
    assert compared(mixed, [line("1.50", model="gpt-x")], *columns) == [("standard for batch", Decimal("1.5"))]


def test_a_tier_that_fits_nearly_explains_nothing():
    assert compared([usage()], [line("0.5100", model="gpt-x")], "other_tiers", "other_tier_usd") == [(None, None)]
    # 0.6 cents, billed as 0.00: half of it would be 0.3 cents, which rounds to 0.00 as well, and proves nothing.
    assert compared([usage(tokens=600)], [line("0.00", model="gpt-x")], "other_tiers", "other_tier_usd") == [
        (None, None)
    ]
    # Batch has no price for web searches, so what the usage would cost there is unknown.
    rows = [usage(), usage(tokens=None, web_searches=0), usage(tokens=None, web_searches=50)]
    assert compared(rows, [line("1.00", model="gpt-x")], "computed_usd", "other_tiers") == [(Decimal("1.5"), None)]


def quantities(output, input_=None, **differences):
    lines = [("output", output), *([("input_uncached", input_)] if input_ else [])]
    return [
        line(
            usd,
            **{"model": "gpt-x", "meter": meter, "quantity": Decimal(quantity), "quantity_unit": "tokens"}
            | differences,
        )
        for meter, (usd, quantity) in lines
    ]


def test_billed_quantities_at_our_prices():
    lines = quantities(("1.30", 130_000), ("0.20", 200_000))
    assert compared([usage()], lines, "computed_usd", "billed_usd", "list_usd") == [
        (Decimal(1), Decimal("1.5"), Decimal("1.5"))
    ]
    # Two dollars for what is one by our list.
    assert compared([usage()], quantities(("2.20", 100_000)), "list_usd") == [(Decimal(1),)]
    batch = quantities(("0.30", 50_000), service_tier="batch")
    assert compared([usage()], batch, "list_usd") == [(Decimal("0.25"),)]


def test_quantities_that_cannot_be_priced_for_certain_explain_nothing():
    rows = [usage()]
    for doubtful in (
        quantities(("1.30", "130000.5")),
        quantities(("1.30", 130_000), quantity_unit="duration_seconds"),
        [line("1.30", model="gpt-x")],
        [*quantities(("1.30", 130_000)), line("0.20", model="gpt-x", line_item="something else")],
        quantities(("1.30", 130_000), service_tier="fast"),
        [*quantities(("1.30", 130_000)), *quantities(("0.10", 12), meter="requests", quantity_unit="requests")],
    ):
        assert compared(rows, doubtful, "list_usd") == [(None,)]
    two_tiers = [usage(), usage(tokens=10_000, service_tier="batch")]
    assert compared(two_tiers, quantities(("1.30", 130_000)), "list_usd") == [(None,)]


def test_without_a_bill_logs_are_held_against_what_they_state():
    rows = [
        usage(reported_cost_usd=Decimal("0.90"), project_id="a"),
        usage(tokens=20_000, reported_cost_usd=Decimal("0.20"), project_id="a"),
        usage(tokens=30_000, project_id="b"),
    ]
    columns = ("report", "project_id", "computed_usd", "billed_usd")
    assert compared(rows, [], *columns) == [
        (None, None, Decimal("0.3"), None),
        ("usage_log", "a", Decimal("1.2"), Decimal("1.1")),
    ]
    assert compared(rows, [line("1.50")], *columns) == [("costs_api", None, Decimal("1.5"), Decimal("1.5"))]


def test_models_to_price_are_those_used_and_those_named_where_the_usage_is():
    used = usage_frame([usage(), usage("gpt-y", region="eu")]).select(MODEL_KEY)
    lines = reported(line("1", model="gpt-z"), line("1", model="gpt-w", region="us"), line("1"))
    assert sorted(models_to_price(used, lines).select("region", "model").rows()) == [
        ("eu", "gpt-y"),
        ("eu", "gpt-z"),
        ("global", "gpt-x"),
        ("global", "gpt-z"),
        ("us", "gpt-w"),
    ]


USAGE = st.builds(
    usage,
    model=st.sampled_from(["gpt-x", "gpt-x-2026-01-15", "gpt-y", "gpt-unknown"]),
    tokens=st.integers(1, 10**7),
    project_id=st.sampled_from([None, "a", "b"]),
    web_searches=st.sampled_from([None, 500]),
    reported_cost_usd=st.none() | st.integers(0, 10**6).map(lambda micros: Decimal(micros).scaleb(-6)),
    usage_at=st.sampled_from([NOON, NOON + timedelta(days=1)]),
)
LINE = st.builds(
    line,
    st.integers(-(10**4), 10**6).map(lambda cents: str(Decimal(cents).scaleb(-2))),
    model=st.sampled_from([None, "gpt-x", "gpt-z"]),
    project_id=st.sampled_from([None, "a"]),
    meter=st.sampled_from([None, "web_searches", "output"]),
    is_credit=st.booleans(),
    ends_at=st.sampled_from([START + timedelta(days=1), START + timedelta(days=31)]),
)


@settings(max_examples=25)
@given(st.lists(USAGE, max_size=6), st.lists(LINE, max_size=4))
def test_no_amount_of_either_side_is_lost_or_counted_twice(rows, lines):
    frame = usage_frame([row | {"usage_id": str(number)} for number, row in enumerate(rows)])
    prices = OurPrices(SEGMENTS, terms(), LISTED)
    costs = prices.of(frame.lazy())
    found = compare(frame.lazy(), costs, reported(*lines), prices)
    CostComparison.validate(found)
    grain = ["usage_date", "provider", "channel", "model", "project_id", "api_key_id", "report"]
    assert found.select(grain).n_unique() == found.height
    assert found["computed_usd"].sum() == costs["cost_usd"].sum()
    assert found["unpriced_quantity"].sum() == costs.filter(pl.col("price_id").is_null())["quantity"].sum()
    of_bill = found.filter(pl.col("report") == "costs_api")
    parts = [of_bill[name].sum() for name in ("billed_usd", "credit_usd", "longer_usd")]
    assert sum(parts) == sum(row["amount_usd"] for row in lines)
    has_bill = pl.col("usage_date").is_in([row["usage_date"] for row in lines])
    stated = frame.filter(~has_bill)["reported_cost_usd"].sum()
    assert found.filter(pl.col("report") == "usage_log")["billed_usd"].sum() == stated


DISCOUNT = "discount,,openai,,,,,15,,,,"


def test_the_contract_is_taken_off_before_anything_is_asked_for():
    """100,000 tokens of 10 USD per million are 1 USD at list, 0.85 by the contract, and 0.85 is billed."""
    columns = ("computed_usd", "effective_usd", "billed_usd", "list_usd")
    assert compared([usage()], [line("0.85")], *columns, agreed=[DISCOUNT]) == [
        (1, Decimal("0.85"), Decimal("0.85"), None)
    ]


@pytest.mark.parametrize(
    ("billed", "charged_for", "fee", "charged"),
    [
        # 0.85 with 3 % is 0.8755, with 19 % 1.0115, with both 1.041845.
        ("0.8755", "marketplace", "0.0255", "0.8755"),
        ("1.0115", "tax", "0", "1.0115"),
        ("1.04", "marketplace and tax", "0.0255", "1.041845"),
        ("0.95", None, None, None),
    ],
)
def test_marketplace_and_tax_explain_what_is_billed_at_just_that(billed, charged_for, fee, charged):
    agreed = [DISCOUNT, "marketplace,,,api,,,,3,,,,", "tax,,,,,,,19,,,,"]
    found = compared([usage()], [line(billed)], "charged_for", "fee_usd", "charged_usd", agreed=agreed)
    assert found == [(charged_for, fee and Decimal(fee), charged and Decimal(charged))]


def test_a_credit_and_a_longer_line_are_of_the_contract_that_has_them():
    agreed = ["credit,,openai,,,,,50,,,,", "commitment,,openai,,,,,100,month,,2026-03-01,"]
    month = {"ends_at": START + timedelta(days=22)}
    lines = [line("1.00"), line("-0.50", is_credit=True), line("99.00", **month)]
    assert compared([usage()], lines, "agreed_lines", agreed=agreed) == [("commitment and credit",)]
    assert compared([usage()], lines, "agreed_lines", agreed=["credit,,anthropic,,,,,50,,,,"]) == [(None,)]
