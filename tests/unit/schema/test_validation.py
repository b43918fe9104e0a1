"""Great Expectations on polars frames: right results on decimals and dates, and broken checks told from bad data."""

import importlib
import sys
from datetime import date, datetime
from decimal import Decimal

import polars as pl
import pytest

from pipelines.schema.expectations import Expectation
from pipelines.schema.validation import _great_expectations, broken, validate, write_data_docs

FRAME = pl.DataFrame(
    {
        "model": ["a", "b", None],
        "usd_per_unit": [Decimal("0.000001"), Decimal("2000"), Decimal("2000.000001")],
        "retires_on": [date(2026, 1, 1), date(2026, 12, 31), None],
        "effective_from": [datetime(2026, 1, 1), None, None],
    },
    schema_overrides={"usd_per_unit": pl.Decimal(18, 6)},
)
MODEL_IS_GIVEN = Expectation("model_is_given", "ExpectColumnValuesToNotBeNull", {"column": "model"})
PRICE_IN_BOUNDS = Expectation(
    "usd_per_unit_in_bounds",
    "ExpectColumnValuesToBeBetween",
    {"column": "usd_per_unit", "min_value": 0.0, "max_value": 2000.0},
)
KNOWN_MODEL = Expectation(
    "model_is_known", "ExpectColumnValuesToBeInSet", {"column": "model", "value_set": ["a"]}, severity="warning"
)
HAS_ROWS = Expectation("has_rows", "ExpectTableRowCountToBeBetween", {"min_value": 3})
NO_SUCH_COLUMN = Expectation("nothing_there", "ExpectColumnValuesToNotBeNull", {"column": "nothing"})


def checked(*expectations, frame=FRAME):
    return validate(frame, "sample", expectations)


def test_results_come_in_the_order_that_was_asked_for():
    order = [HAS_ROWS, PRICE_IN_BOUNDS, MODEL_IS_GIVEN, KNOWN_MODEL]
    for asked in (order, order[::-1]):
        assert [result.expectation for result in checked(*asked)] == asked


def test_exact_prices_are_compared_as_numbers():
    (result,) = checked(PRICE_IN_BOUNDS)
    assert (result.is_met, result.is_broken) == (False, False)
    assert "1 unexpected" in result.observed
    assert "2000.000001" in result.observed
    assert checked(PRICE_IN_BOUNDS, frame=FRAME.head(2))[0].is_met


def test_dates_stay_dates():
    """The default way to pandas makes timestamps of dates, which are no dates to compare with."""
    bounds = {"column": "retires_on", "min_value": date(2026, 1, 1), "max_value": date(2026, 6, 30)}
    (result,) = checked(Expectation("retires_soon", PRICE_IN_BOUNDS.kind, bounds))
    assert (result.is_met, result.is_broken, result.observed) == (False, False, "1 unexpected: 2026-12-31")


def test_a_share_of_bad_rows_may_be_allowed():
    arguments = PRICE_IN_BOUNDS.arguments | {"mostly": 0.6}
    assert checked(Expectation("most", PRICE_IN_BOUNDS.kind, arguments))[0].is_met


def test_a_null_is_found_and_a_row_count_is_told():
    nulls, rows, too_few = checked(
        MODEL_IS_GIVEN, HAS_ROWS, Expectation("more_rows", HAS_ROWS.kind, {"min_value": 4})
    )  # fmt: skip
    assert (nulls.is_met, nulls.is_broken) == (False, False)
    assert (rows.is_met, too_few.is_met, too_few.observed) == (True, False, "3")


def test_the_same_key_twice_is_found_although_its_start_is_null():
    unique = Expectation(
        "key_is_unique",
        "ExpectCompoundColumnsToBeUnique",
        {"column_list": ["model", "effective_from"], "ignore_row_if": "never"},
    )
    rows = FRAME.select("model", "effective_from")
    assert checked(unique, frame=rows)[0].is_met
    assert not checked(unique, frame=pl.concat([rows, rows[1:2]]))[0].is_met


@pytest.mark.parametrize(("severity", "is_blocking"), [("critical", True), ("warning", False)])
def test_only_a_failed_critical_check_blocks(severity, is_blocking):
    failing = Expectation("f", KNOWN_MODEL.kind, KNOWN_MODEL.arguments, severity)
    passing = Expectation("p", KNOWN_MODEL.kind, {"column": "model", "value_set": ["a", "b"]}, severity)
    results = checked(failing, passing)
    assert [result.is_met for result in results] == [False, True]
    assert [result.is_blocking for result in results] == [is_blocking, False]


def test_a_broken_check_is_told_apart_and_spoils_no_other():
    broken, sound = checked(NO_SUCH_COLUMN, HAS_ROWS)
    assert (broken.is_broken, broken.is_met, broken.is_blocking) == (True, False, True)
    assert broken.observed.startswith("the check itself failed: ")
    assert "nothing" in broken.observed
    assert (sound.is_broken, sound.is_met) == (False, True)


def test_what_is_shown_of_a_hostile_page_is_short():
    frame = pl.DataFrame({"model": ["<script>" + "x" * 100_000] * 50})
    (result,) = checked(KNOWN_MODEL, frame=frame)
    assert not result.is_met
    assert len(result.observed) <= 500


def test_what_is_unexpected_is_observed_with_the_key_of_its_row():
    frame = FRAME.with_columns(row=pl.Series([1, 2, 3]))
    (result,) = validate(frame, "sample", [PRICE_IN_BOUNDS], key=("row",))
    assert result.observed == "1 unexpected: 3 2000.000001"
    pair = Expectation("equal", "ExpectColumnPairValuesToBeEqual", {"column_A": "row", "column_B": "usd_per_unit"})
    (result,) = validate(frame.head(2), "sample", [pair], key=("model",))
    assert result.observed == "2 unexpected: a (1, 0.000001), b (2, 2000.000000)"


def test_checks_without_rows_are_broken_and_block():
    results = broken([HAS_ROWS, KNOWN_MODEL], ValueError("no file\nand more"))
    assert [(each.expectation, each.is_met, each.is_broken) for each in results] == [
        (HAS_ROWS, False, True),
        (KNOWN_MODEL, False, True),
    ]
    assert results[0].observed == "the check itself failed: no file"
    assert [each.is_blocking for each in results] == [True, False]


def test_an_empty_page_is_refused_by_its_row_count():
    (result,) = checked(HAS_ROWS, frame=FRAME.clear())
    assert (result.is_met, result.observed) == (False, "0")


def test_data_docs_are_a_page_per_source(tmp_path):
    index = write_data_docs(
        {"litellm": (FRAME, [HAS_ROWS, PRICE_IN_BOUNDS]), "runpod_rates": (FRAME, [MODEL_IS_GIVEN])}, tmp_path / "docs"
    )
    assert index == tmp_path / "docs" / "index.html"
    text = index.read_text()
    assert "litellm" in text
    assert "runpod_rates" in text
    assert len(list((tmp_path / "docs" / "validations").rglob("*.html"))) == 2


def test_the_library_is_imported_without_pyspark() -> None:
    importlib.import_module("pyspark.sql.types")
    _great_expectations()
    known = importlib.import_module("great_expectations.compatibility.pyspark")
    assert type(known.pyspark).__name__ == "NotImported"
    assert type(known.types).__name__ == "NotImported"
    assert importlib.import_module("pyspark.sql.types") is sys.modules["pyspark.sql.types"]
