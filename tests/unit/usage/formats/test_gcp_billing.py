"""Google's billing export: credits, currencies, corrections, equal charges, other services."""

import io
import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from pipelines.usage.formats.gcp_billing import sku_columns

SAMPLE = Path(__file__).parents[3] / "usage_files" / "gcp_billing.jsonl"
CHARGE, _, IN_RUPEES, _, COMPUTE, _ = (json.loads(line) for line in SAMPLE.read_text().splitlines())
UNCLEAR = (None, None, None)


def export(*charges):
    return "\n".join(json.dumps(charge) for charge in charges)


def charge(**fields):
    return {**CHARGE, "credits": [], **fields}


def test_the_sample_adds_up_by_hand(read):
    found = read(SAMPLE)
    assert (found.format, found.row_count, found.ignored_count) == ("gcp_billing", 6, 1)
    # 1.1532 - 0.5 - 0.0532 - 0.1532 at the Gemini API; twice 119.98 / 95.984 rupees at Vertex AI.
    by_channel = dict(found.usage.group_by("channel").agg(pl.col("amount_usd").sum()).iter_rows())
    assert by_channel == {"api": Decimal("0.4468"), "vertex": Decimal("2.5")}
    assert found.rules == ["no_exchange_rate"]


def test_credits_are_rows_of_their_own(read):
    """Cost alone would be 1.1532, almost twice what is paid."""
    costs = read(export(CHARGE)).usage.sort("is_credit", "amount_usd")
    columns = ["line_item", "amount_usd", "is_credit", "meter", "quantity"]
    sku = "Generate content output token count gemini 2.5 flash short input text"
    assert costs.select(columns).rows() == [
        (sku, Decimal("1.1532"), False, "output", Decimal(461280)),
        ("Free trial", Decimal("-0.5"), True, None, None),
        ("Spending based discount", Decimal("-0.0532"), True, None, None),
    ]
    assert costs["amount_usd"].sum() == Decimal("0.6")
    assert costs["model"].unique().to_list() == ["gemini-2.5-flash"]


def test_another_currency_is_turned_into_dollars(read):
    """Taken as dollars, 119.98 rupees would be 96 times too much."""
    row = read(export(IN_RUPEES)).row
    assert (row["amount_usd"], row["printed_amount"], row["currency"]) == (Decimal("1.25"), "119.98", "INR")
    assert (row["channel"], row["region"], row["provider"]) == ("vertex", "europe-west1", "google")


def test_many_units_of_a_small_currency_are_few_dollars(read):
    """150 million yen at 150 a dollar are a million dollars."""
    in_yen = charge(cost=150_000_000, currency="JPY", currency_conversion_rate=150)
    assert read(export(in_yen)).row["amount_usd"] == 1_000_000


def test_a_credit_is_in_the_currency_of_its_charge(read):
    costs = read(export({**IN_RUPEES, "credits": [{"name": "x", "amount": -95.984}]})).usage
    assert costs["amount_usd"].to_list() == [Decimal("1.25"), Decimal(-1)]


def test_a_correction_is_added(read):
    """It has the same hour, SKU and project, and a later export_time: put in its place, 1.1532 would be -0.1532."""
    late = charge(cost=-0.1532, export_time="2026-09-03 05:00:00 UTC")
    assert read(export(charge(), late)).usage["amount_usd"].sum() == 1


def test_equal_charges_are_charges_of_their_own(read):
    """One row per identity would lose 1.1532 of 2.3064."""
    costs = read(export(charge(), charge())).usage
    assert (costs["amount_usd"].sum(), costs["cost_id"].n_unique()) == (Decimal("2.3064"), 2)


def test_the_same_charges_in_an_overlapping_export_have_the_same_ids(read):
    one = set(read(export(CHARGE, charge(), charge())).usage["cost_id"])
    other = set(read(export(COMPUTE, charge(), charge(cost=9.5), CHARGE, charge())).usage["cost_id"])
    # Charge and credits of CHARGE share their identity with the two others: three equal charges, two credits.
    assert len(one) == 5
    assert one < other
    assert len(other) == 6


def test_charges_are_dated_by_their_usage(read):
    """An hour of the night belongs to the invoice of August in Pacific time, and is a cost of September here."""
    row = read(export(charge())).row
    assert (row["starts_at"], row["ends_at"]) == (datetime(2026, 9, 1), datetime(2026, 9, 1, 1))
    assert CHARGE["invoice"]["month"] == "202608"


@pytest.mark.parametrize("stamp", ["2026-09-01T00:00:00Z", "2026-09-01T00:00:00", "2026-09-01 00:00:00.000000 UTC"])
def test_times_are_utc(read, stamp):
    assert read(export(charge(usage_start_time=stamp))).row["starts_at"] == datetime(2026, 9, 1)


@pytest.mark.parametrize(
    ("service", "channel"),
    [
        ({"description": "Generative Language API"}, "api"),
        ({"id": "services/C7E2-9256-1C43", "description": "Anything"}, "vertex"),
        ({"id": "AEFD-7695-64FA", "description": "Gemini API"}, "api"),
    ],
)
def test_services(read, service, channel):
    assert read(export(charge(), charge(service=service))).usage["channel"][-1] == channel


def test_other_services_are_ignored(read):
    found = read(export(COMPUTE))
    assert (found.usage.height, found.rules, found.ignored_count) == (0, [], 1)


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"cost": None}, "no_amount"),
        ({"cost": "much"}, "not_a_cost"),
        ({"currency": None}, "no_amount"),
        ({"currency": "EUR", "currency_conversion_rate": 0}, "no_exchange_rate"),
        ({"currency": "EUR", "currency_conversion_rate": "x"}, "not_a_quantity"),
        ({"cost": 10_000_000.5}, "amount_too_large"),
        ({"cost": 990_000_000, "currency": "INR", "currency_conversion_rate": 96}, "amount_too_large"),
        ({"usage_end_time": CHARGE["usage_start_time"]}, "bucket_ends_before_start"),
        ({"usage_start_time": "yesterday"}, "not_a_timestamp"),
    ],
)
def test_what_cannot_be_right_is_refused(read, fields, rule):
    found = read(export(charge(**fields)))
    assert (found.usage.height, found.rules) == (0, [rule])


@pytest.mark.parametrize(
    "printed",
    [
        "unreadable",
        {"name": "x"},
        [{"name": "x"}],
        [{"name": "x", "amount": "much"}],
        [{"name": {"x": 1}, "amount": True}],
        ["text"],
        [{"name": "x", "amount": -1}] * 1001,
    ],
)
def test_credits_that_cannot_be_read_are_refused_and_the_charge_is_kept(read, printed):
    found = read(export(charge(credits=printed)))
    assert found.row["is_credit"] is False
    assert found.rules[0] in ("no_amount", "not_a_cost")


def test_parquet_and_csv_give_what_json_lines_give(read, tmp_path):
    charges = [CHARGE, IN_RUPEES, COMPUTE]
    wanted = read(export(*charges)).usage.drop("import_id", "cost_id", "printed_amount")
    frame = pl.read_ndjson(io.StringIO(export(*charges)))
    times = pl.col("usage_start_time", "usage_end_time", "export_time")
    stamped = frame.with_columns(times.str.to_datetime("%Y-%m-%d %H:%M:%S UTC", time_zone="UTC"))
    stamped.write_parquet(tmp_path / "export.parquet")
    found = read(tmp_path / "export.parquet")
    assert found.ignored_count == 1
    assert (
        found.usage.drop("import_id", "cost_id", "printed_amount")
        .with_columns(source_line=None)
        .equals(wanted.with_columns(source_line=None))
    )
    table = pl.DataFrame(
        [
            {
                "service.id": row["service"]["id"],
                "service.description": row["service"]["description"],
                "sku.description": row["sku"]["description"],
                "project.id": row["project"]["id"],
                "location.region": row["location"].get("region"),
                "usage.amount": row["usage"]["amount"],
                "usage.unit": row["usage"]["unit"],
                "credits": json.dumps(row["credits"]),
                **{name: value for name, value in row.items() if not isinstance(value, (dict, list))},
            }
            for row in charges
        ]
    )
    csv_found = read(table.write_csv())
    assert (
        csv_found.usage.drop("import_id", "cost_id", "printed_amount")
        .with_columns(source_line=None)
        .equals(wanted.with_columns(source_line=None))
    )


@pytest.mark.parametrize(
    ("description", "said"),
    [
        ("Gemini 2.5 Pro Text Input - Predictions", ("gemini-2.5-pro", "input_uncached", "standard")),
        ("Gemini 2.5 Flash GA Thinking Text Output - Predictions", ("gemini-2.5-flash", "output", "standard")),
        ("Gemini 2.5 Flash Lite Text Output - Predictions", ("gemini-2.5-flash-lite", "output", "standard")),
        ("Gemini 3.5 Flash Regional Text Input - Predictions", ("gemini-3.5-flash", "input_uncached", "standard")),
        ("Gemini 3.8 Flash Global Text Input", ("gemini-3.8-flash", "input_uncached", "standard")),
        ("Gemini 2.5 Pro Text Output (Long & Standard) - Predictions", ("gemini-2.5-pro", "output", "standard")),
        ("Gemini 2.5 Flash GA Audio Input (Long) - Predictions", ("gemini-2.5-flash", "audio_input", "standard")),
        (" Gemini 2.5 Flash GA Input Text Caching (Long)", ("gemini-2.5-flash", "cache_read", "standard")),
        ("Gemini 2.5 Pro Text Input Caching (Long)", ("gemini-2.5-pro", "cache_read", "standard")),
        (
            "Generate content output token count gemini 2.5 flash lite short output text non-thinking",
            ("gemini-2.5-flash-lite", "output", "standard"),
        ),
        (
            "Generate content input token count gemini 2.5 flash short input text",
            ("gemini-2.5-flash", "input_uncached", "standard"),
        ),
        (
            "Generate content input token count gemini 3.1 flash lite preview text",
            ("gemini-3.1-flash-lite-preview", "input_uncached", "standard"),
        ),
        (
            "Generate_content text output token count for gemini 3 flash batch",
            ("gemini-3-flash", "output", "batch"),
        ),
        (
            "Generate_content_cached_input_token_count_gemini_3_pro_short_image",
            ("gemini-3-pro", "image_cache_read", "standard"),
        ),
        (
            "Generate content input token count gemini 3.7 flash image flex caching",
            ("gemini-3.7-flash", "image_cache_read", "flex"),
        ),
        ("Gemini 2.5 Flash Input Text Caching Storage", UNCLEAR),
        ("Gemini 2.5 Flash GA Video Input Priority - Predictions", UNCLEAR),
        ("Gemini 2.5 Flash Image Output", UNCLEAR),
        ("Gemini 3.1 Flash Image Image Output", UNCLEAR),
        ("Generate_content image output token count for Gemini 3 Pro Image", UNCLEAR),
        ("Generate content input token count gemini 3.8 flash lite tts text batch", UNCLEAR),
        ("Grounding with Google Search", UNCLEAR),
        ("Cloud Vertex AI Model Garden Model as a Service Llama 4 Scout Input Token", UNCLEAR),
        (None, UNCLEAR),
    ],
)
def test_a_description_is_read_whole_or_not_at_all(description, said):
    frame = pl.DataFrame({"sku": [description]}, schema={"sku": pl.String})
    assert frame.select(**sku_columns("sku")).row(0) == said
