"""Anthropic's cost report: cents, token types, dimensions."""

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

SAMPLE = Path(__file__).parents[3] / "usage_files" / "anthropic_cost_report.json"
RESULT = {"amount": "123.45", "currency": "USD", "description": None, "model": None, "workspace_id": None}


def page(*results, has_more=False):
    bucket = {"starting_at": "2026-03-01T00:00:00Z", "ending_at": "2026-03-02T00:00:00Z", "results": list(results)}
    return json.dumps({"data": [bucket], "has_more": has_more, "next_page": None})


@pytest.fixture
def row_of(read):
    return lambda **fields: read(page({**RESULT, **fields})).row


def test_the_sample_adds_up_by_hand(read):
    found = read(SAMPLE)
    assert (found.format, found.row_count, found.rules) == ("anthropic_cost_report", 3, ["report_is_cut"])
    assert found.usage["amount_usd"].sum() == Decimal("3.401814")  # 2.919015 + 0.382799 + 0.10
    assert found.usage.select("model", "meter", "service_tier", "region", "project_id").rows() == [
        ("claude-haiku-4-5", "input_uncached", "standard", None, "wrkspc_a"),
        ("claude-sonnet-5", "cache_read", "batch", "global", None),
        (None, "web_searches", None, None, None),
    ]


def test_amounts_are_cents(row_of):
    """As dollars it would be 123.45, a hundred times too much."""
    row = row_of()
    assert (row["amount_usd"], row["printed_amount"], row["currency"]) == (Decimal("1.2345"), "123.45", "USD")


def test_cents_give_the_list_price():
    """2,919,015 uncached tokens of Claude Haiku 4.5 were reported as 291.9015: $1.00 per million, not $100."""
    sample = json.loads(SAMPLE.read_text())["data"][0]["results"][0]
    assert Decimal(sample["amount"]) / 100 / 2_919_015 * 1_000_000 == 1


def test_amounts_are_exact(row_of):
    assert row_of(amount="0.0000000001")["amount_usd"] == Decimal("0.000000000001")
    assert row_of(amount="999999999.99")["amount_usd"] == Decimal("9999999.9999")


@pytest.mark.parametrize(
    ("token_type", "meter"),
    [
        ("uncached_input_tokens", "input_uncached"),
        ("cache_read_input_tokens", "cache_read"),
        ("cache_creation.ephemeral_5m_input_tokens", "cache_write_5m"),
        ("cache_creation.ephemeral_1h_input_tokens", "cache_write_1h"),
        ("output_tokens", "output"),
        (None, None),
    ],
)
def test_token_types(row_of, token_type, meter):
    assert row_of(token_type=token_type, cost_type="tokens")["meter"] == meter


@pytest.mark.parametrize("cost_type", ["code_execution", "session_usage"])
def test_what_is_no_tokens_keeps_its_name(row_of, cost_type):
    row = row_of(cost_type=cost_type)
    assert (row["line_item"], row["meter"], row["model"]) == (cost_type, None, None)


def test_a_report_that_is_not_grouped_has_sums_alone(row_of):
    row = row_of()
    assert [row[name] for name in ("line_item", "model", "meter", "service_tier", "project_id")] == [None] * 5
    assert (row["starts_at"], row["ends_at"]) == (datetime(2026, 3, 1), datetime(2026, 3, 2))


def test_a_credit_reduces_the_bill(row_of):
    row = row_of(amount="-250")
    assert (row["amount_usd"], row["is_credit"]) == (Decimal("-2.5"), True)


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"amount": None}, "no_amount"),
        ({"amount": "$1"}, "not_a_cost"),
        ({"currency": "credits"}, "not_a_currency"),
        ({"token_type": "thinking_tokens"}, "unknown_token_type"),
        ({"service_tier": "priority"}, "unknown_service_tier"),
        ({"model": "x" * 201}, "not_a_text"),
    ],
)
def test_what_cannot_be_right_is_refused(read, fields, rule):
    found = read(page({**RESULT, **fields}))
    assert (found.usage.height, found.rules) == (0, [rule])


@pytest.mark.parametrize(
    "other",
    [
        {"description": "x"},
        {"cost_type": "tokens"},
        {"token_type": "output_tokens"},
        {"model": "claude-x"},
        {"service_tier": "batch"},
        {"context_window": "0-200k"},
        {"inference_geo": "us"},
        {"workspace_id": "w"},
    ],
)
def test_every_dimension_is_part_of_the_identity(read, other):
    assert read(page(RESULT, {**RESULT, **other})).usage["cost_id"].n_unique() == 2


def test_a_day_that_is_stated_again_counts_once(read):
    found = read(page(RESULT) + "\n" + page({**RESULT, "amount": "200"}))
    assert found.row["amount_usd"] == 2
