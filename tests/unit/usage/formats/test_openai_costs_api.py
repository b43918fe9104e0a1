"""The costs API of OpenAI: dollars, line items, and reports that were cut."""

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

SAMPLE = Path(__file__).parents[3] / "usage_files" / "openai_costs_api.json"
START = 1787788800
COST = {"object": "organization.costs.result", "line_item": None, "project_id": None}


def page(*results, start=START, has_more=False):
    bucket = {"object": "bucket", "start_time": start, "end_time": start + 86400, "results": list(results)}
    return json.dumps({"object": "page", "data": [bucket], "has_more": has_more, "next_page": None})


def cost(value=0.06, currency="usd", **other):
    return {**COST, "amount": {"value": value, "currency": currency}, **other}


@pytest.fixture
def row_of(read):
    return lambda *args, **fields: read(page(cost(*args, **fields))).row


@pytest.fixture
def rule_of(read):
    def rule(*args, **fields):
        found = read(page(cost(*args, **fields)))
        assert found.usage.is_empty()
        return found.rules[0]

    return rule


def test_the_sample_adds_up_by_hand(read):
    found = read(SAMPLE)
    assert (found.format, found.row_count, found.rules) == ("openai_costs_api", 4, ["report_is_cut"])
    assert found.usage["amount_usd"].sum() == Decimal("0.040592")  # 0.037492 + 0.0125 + 0.0006 - 0.01
    assert found.usage.select("model", "meter", "quantity", "quantity_unit", "is_credit").rows() == [
        ("gpt-5.6-terra", "input_uncached", Decimal(14996), "tokens", False),
        ("gpt-5.6-terra", "cache_write_5m", Decimal(4000), "tokens", False),
        (None, None, Decimal("6.5"), "duration_seconds", False),
        (None, None, None, None, True),
    ]
    assert found.usage["starts_at"].unique().to_list() == [datetime(2026, 8, 27)]
    assert found.usage["ends_at"].unique().to_list() == [datetime(2026, 8, 28)]


@pytest.mark.parametrize("value", [0.06, "0.06", "0.0600000000000000000000000000"])
def test_amounts_are_dollars(row_of, value):
    """Anthropic's report counts in cents: read like that, six cents would be 0.0006 dollars."""
    row = row_of(value)
    assert (row["amount_usd"], row["currency"], row["printed_amount"]) == (Decimal("0.06"), "USD", str(value))


@pytest.mark.parametrize(
    ("line_item", "model", "meter"),
    [
        ("gpt-5.6-terra, output", "gpt-5.6-terra", "output"),
        ("gpt-5.6-terra, cached input", "gpt-5.6-terra", "cache_read"),
        ("gpt-5.6-terra, cache writes", "gpt-5.6-terra", "cache_write_5m"),
        ("gpt-5.6-terra, cache writes - 12hr", "gpt-5.6-terra", None),
        ("gpt-image-1 image, output", "gpt-image-1", "image_output"),
        ("gpt-image-2-2026-04-21 text, input", "gpt-image-2-2026-04-21", "input_uncached"),
        ("gpt-4o-2024-08-06, Input", "gpt-4o-2024-08-06", "input_uncached"),
        ("ft:gpt-4o-mini:acme::id audio, output", "ft:gpt-4o-mini:acme::id", "audio_output"),
        ("whisper", None, None),
        ("web search, calls", None, None),
        ("assistants api | file search", None, None),
    ],
)
def test_a_line_item_names_model_and_meter_where_it_says_so(row_of, line_item, model, meter):
    row = row_of(line_item=line_item)
    assert (row["line_item"], row["model"], row["meter"]) == (line_item, model, meter)


@pytest.mark.parametrize(
    ("value", "fields", "rule"),
    [
        (None, {}, "no_amount"),
        ("much", {}, "not_a_cost"),
        (True, {}, "not_a_cost"),
        (0.06, {"currency": "euro"}, "not_a_currency"),
        (0.06, {"quantity": "some"}, "not_a_quantity"),
        (0.06, {"line_item": "a\nb"}, "not_a_text"),
    ],
)
def test_what_cannot_be_right_is_refused(rule_of, value, fields, rule):
    assert rule_of(value, **fields) == rule


def test_quantities_may_be_larger_than_any_amount_of_money(row_of):
    assert row_of(quantity=31_000_000_000)["quantity"] == Decimal(31_000_000_000)


@pytest.mark.parametrize("other", [{"line_item": "whisper"}, {"project_id": "p"}, {"api_key_id": "k"}])
def test_every_dimension_is_part_of_the_identity(read, other):
    assert read(page(cost(), cost(**other))).usage["cost_id"].n_unique() == 2


def test_a_day_that_is_stated_again_counts_once(read):
    """The later statement holds: 0.09 dollars, not 0.15."""
    found = read(page(cost(0.06)) + "\n" + page(cost(0.09)))
    assert found.row["amount_usd"] == Decimal("0.09")


def test_pages_in_one_file_go_on_in_each_other(read):
    assert read(page(cost(), has_more=True) + "\n" + page(cost(), start=START + 86400)).rules == []


def test_usage_is_not_taken_for_costs(read):
    result = {"object": "organization.usage.completions.result", "input_tokens": 1, "output_tokens": 1}
    assert read(page({**result, "num_model_requests": 1, "model": "gpt-x"})).format == "openai_usage_api"
