"""All claims of the two articles against the golden file: its figures to the printed digit, and its verdicts."""

import csv
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest

from pipelines.costs.resolve_segments import segments_of
from pipelines.decisions.claim_check import answer_claims, claim_rows, claim_table
from pipelines.decisions.claim_inputs import Rate, inputs_on, models_of_claims
from pipelines.decisions.claim_verdict import check, shown, stated_of
from pipelines.decisions.claims import Claim, Input, claims
from pipelines.models.model_map import parse_model_map
from pipelines.schema.claims import VERDICTS, ClaimCheck
from pipelines.schema.columns import polars_schema
from pipelines.snapshots.shipped_prices import shipped_versions
from pipelines.warehouse.published import PublishedWarehouse

GOLDEN = Path(__file__).resolve().parents[3].parent / "shared" / "golden" / "claims.csv"
TODAY = date(2026, 11, 29)
NO_RESULTS = {
    # Figures in the golden text that are inputs or names, and results that our text prints in another form.
    "S0-09": {"4,4,5,5,4,4"},  # all six ratios; ours are the least and the most
    "S0-11": {"140.0", "130.4"},  # 140 and 130.39
    "S0-12": {"16", "140", "144", "0.9"},
    "S0-13": {"14.0", "16", "4.3", "4", "8", "21.6", "24", ".9"},
    "S0-15": {"1", "100"},
    "S0-15b": {"100", "50", "1", "1:1"},
    "S0-16": {"2025", "15,000", "100"},
    "S0-17": {"2", "4", "8"},
    "S0-19": {"50", "4", "5.3125", "265.62", "5,500", "3,000", "2,500"},  # 265.625, half up
    "S0-20": {"4"},
    "S0-21": {"0.60", "4", "10"},
    "S0-23": {"0.40", "0.80", "0.319", "4", "1"},
    "S0-24": {"1", "100"},
    "S0-25": {"100", "2", "70", "1", "0.5", "8"},
    "S0-26": {"20", "500"},  # 19.5
    "S0-27": {"5,000"},
    "S0-28": {"50,000"},
    "S0-29": {"50,000"},
    "S0-32": {"50", "4", "2,500"},
    "S0-33": {"500", "1,024", "100", "50", "0"},
    "S0-35": {"1.5", "1", "2"},
    "S0-36": {"4"},
    "S2-01": set(),
    "S2-09": {"5", "300"},
    "S2-12": {"5", "200"},
    "S2-16": {"000"},
    "S2-17": {"3", "1", "100", "15", "36", "0.4"},
    "S2-18": {"24", "7", "40", "1.09", "100", "80", "1.79", "3.99", "5.4", "6.88"},
    "S2-19": {"36", "24"},
    "S2-20": {"2,199", "1,164", "2", "7", "4", "0", "512", "100", "3"},
    "S2-21": {"3"},
    "S2-23": {"6.00"},
    "S2-24": {"6.00", "4.00"},
    "S2-25": {"100", "10"},
    "S2-27": {"5"},
    "S2-28": {"15.00", "1", "3", "500", "1,200"},
    "S2-30": {"333.33", "500.00"},
    "S2-32": {"3", "4", "80"},
}


def golden() -> dict[str, dict[str, str]]:
    with GOLDEN.open(newline="") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def segments() -> pl.DataFrame:
    """Price segments of the shipped history."""
    return segments_of(shipped_versions(), models_of_claims(), parse_model_map(Path("model_map.csv"), b""))


@pytest.fixture(scope="module")
def rows(segments: pl.DataFrame) -> dict[str, dict[str, object]]:
    return {str(row["claim_id"]): row for row in claim_rows(TODAY, segments, [])}


def test_all_claims_of_the_articles_are_checked() -> None:
    assert [one.id for one in claims()] == list(golden())
    assert len(claims()) == 75


@pytest.mark.parametrize("claim_id", list(golden()))
def test_verdict(claim_id: str, rows: Mapping[str, Mapping[str, object]]) -> None:
    assert rows[claim_id]["verdict"] == golden()[claim_id]["verdict"]


@pytest.mark.parametrize("claim_id", list(golden()))
def test_factor(claim_id: str, rows: Mapping[str, Mapping[str, object]]) -> None:
    expected = golden()[claim_id]["factor_stated_over_recomputed"].replace("-", " to ")
    if expected:
        assert rows[claim_id]["factor"] == expected


@pytest.mark.parametrize("claim_id", list(golden()))
def test_recomputed_to_the_printed_digit(claim_id: str, rows: Mapping[str, Mapping[str, object]]) -> None:
    expected = set(re.findall(r"[\d,]*\.?\d+", golden()[claim_id]["recomputed"].replace("4,4,5,5,4,4", "")))
    found = {_plain(text) for text in re.findall(r"[\d,]*\.?\d+", str(rows[claim_id]["recomputed"]))}
    missing = {text for text in expected - NO_RESULTS.get(claim_id, set()) if _plain(text) not in found}
    assert not missing


def _plain(text: str) -> Decimal:
    return Decimal(text.strip(",").replace(",", ""))


def test_a_changed_price_changes_the_row(segments: pl.DataFrame) -> None:
    """GPT-4o mini output at 6.00 in place of 0.60: 0.5 * 0.15 + 0.3 * 6 = 1.875 a day, and 150 million tokens less."""
    is_output = (pl.col("model") == "gpt-4o-mini") & (pl.col("meter") == "output")
    dearer = segments.with_columns(
        usd_per_unit=pl.when(is_output).then(pl.lit(Decimal(6))).otherwise("usd_per_unit").cast(pl.Decimal(18, 6)),
        price_id=pl.when(is_output).then(pl.lit("changed")).otherwise("price_id"),
    )
    row = next(one for one in claim_table(TODAY, dearer, []) if one["claim_id"] == "S0-03")
    assert row["recomputed"] == "1.875"
    assert row["factor"] == "0.80"
    assert "changed" in str(row["versions"])


def test_a_missing_price_is_unknown_and_says_why(segments: pl.DataFrame) -> None:
    rows = claim_rows(TODAY, segments.filter(pl.col("model") != "gpt-4o-mini"), [])
    row = next(one for one in rows if one["claim_id"] == "S0-03")
    assert (row["verdict"], row["recomputed"]) == ("unknown", None)
    assert "gpt-4o-mini for output is in force on 2025-08-01" in str(row["reason"])


def test_claims_of_a_day_before_a_model_was_sold_are_unknown(segments: pl.DataFrame) -> None:
    row = next(one for one in claim_rows(date(2024, 1, 1), segments, []) if one["claim_id"] == "S0-03")
    assert (row["verdict"], row["verdict_on_day"]) == ("wrong", "unknown")


def test_a_rate_in_force_takes_the_place_of_the_declared_one(segments: pl.DataFrame) -> None:
    """An L40S at 3 dollars an hour: 3 * 730 = 2,190, above what is stated. The cheapest of two counts."""
    since = datetime(2026, 10, 1)
    rates = [
        Rate("runpod", "secure", "NVIDIA L40S", Decimal(price), since, None, f"rate {price}") for price in ("3", "3.5")
    ]
    row = next(one for one in claim_table(TODAY, segments, rates) if one["claim_id"] == "S2-18")
    assert "2,190.00 (L40S)" in str(row["recomputed_on_day"])
    assert row["versions"] == "rate 3"
    before = next(one for one in claim_rows(date(2026, 9, 1), segments, rates) if one["claim_id"] == "S2-18")
    assert "795.70 (L40S)" in str(before["recomputed_on_day"])


def test_rows_are_those_of_the_declaration(segments: pl.DataFrame) -> None:
    table = pl.DataFrame(claim_table(TODAY, segments, []), schema=polars_schema(ClaimCheck))
    assert ClaimCheck.validate(table).height == 75


def test_every_verdict_is_declared(rows: Mapping[str, Mapping[str, object]]) -> None:
    assert {row["verdict"] for row in rows.values()} <= set(VERDICTS)


def test_a_checkout_without_a_run_answers(tmp_path: Path) -> None:
    answer = answer_claims(PublishedWarehouse(tmp_path), TODAY)
    assert answer["verdicts"] == {"holds": 26, "wrong": 24, "depends": 21, "unverifiable": 4}


def test_no_answer_is_declared() -> None:
    """The same formula with another stated figure has another verdict."""
    inputs = {"mini_in": _price("mini_in", "0.15"), "mini_out": _price("mini_out", "0.60")}
    claim: Claim = next(one for one in claims() if one.id == "S0-03")
    verdicts = [check(replace(claim, stated=text), inputs).verdict for text in ("1.50", "0.255", "0.2..0.3", "<=0.2")]
    assert verdicts == ["wrong", "holds", "holds", "wrong"]


def _price(name: str, usd: str) -> Input:
    return Input(name, Fraction(usd), "USD per Mtok", "test")


def test_inputs_carry_their_versions(segments: pl.DataFrame) -> None:
    found = inputs_on(date(2025, 8, 1), segments, []).inputs
    assert found["gpt4o_out"].value == 10
    assert found["gpt4o_out"].since == date(2024, 10, 2)
    assert found["gpt4o_out"].version
    assert found["h100_aws"].since == date(2026, 10, 10)


@pytest.mark.parametrize(
    ("text", "held", "missed"),
    [
        ("1.50", ("1.495", "1.505"), ("1.4949", "1.5051")),
        ("330", ("329.5", "330.5"), ("329.4", "330.6")),
        ("1,000..1,500", ("999", "1501"), ("998", "1502")),
        ("<=5", ("0", "5"), ("5.1",)),
        (">=200", ("200", "1000000"), ("199",)),
    ],
)
def test_what_is_stated(text: str, held: tuple[str, ...], missed: tuple[str, ...]) -> None:
    stated = stated_of(text)
    assert all(stated.holds(Fraction(one), Fraction(one)) for one in held)
    assert not any(stated.holds(Fraction(one), Fraction(one)) for one in missed)


@pytest.mark.parametrize(
    ("value", "places", "unit", "text"),
    [
        ("3.825", None, "USD", "3.83"),
        ("-0.005", 2, "", "-0.01"),
        ("1234567", None, "tokens", "1,234,567"),
        ("1/3", None, "", "0.33"),
    ],
)
def test_figures_are_rounded_half_up_when_printed(value: str, places: int | None, unit: str, text: str) -> None:
    assert shown(Fraction(value), places, unit) == text
