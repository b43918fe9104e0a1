"""Dates as the pages print them, read by a person."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.sources.lifecycle.printed_dates import read_date


@pytest.mark.parametrize(
    ("text", "day", "precision"),
    [
        ("Dec 11, 2026", date(2026, 12, 11), "day"),
        ("December 19, 2025", date(2025, 12, 19), "day"),
        ("Sept. 5, 2026", date(2026, 9, 5), "day"),
        ("2026-07-23", date(2026, 7, 23), "day"),
        ("2026\u201103\u201126", date(2026, 3, 26), "day"),
        ("July 15th, 2025", date(2025, 7, 15), "day"),
        ("  May\u00a07, 2026 ", date(2026, 5, 7), "day"),
        ("August 2026", date(2026, 8, 1), "month"),
        ("Not sooner than July 24, 2027", date(2027, 7, 24), "floor"),
        ("Earliest February 2026", date(2026, 2, 1), "floor"),
        ("at earliest 2024-06-13", date(2024, 6, 13), "floor"),
        ("N/A", None, "none"),
        ("-", None, "none"),
        ("---", None, "none"),
        ("", None, "none"),
    ],
)
def test_a_printed_date(text: str, day: date | None, precision: str) -> None:
    assert read_date(text) == (day, precision)


@pytest.mark.parametrize(
    "text",
    [
        "03/04/26",
        "2026-13-01",
        "2026-02-30",
        "February 30, 2026",
        "Smarch 1, 2026",
        "soon",
        "in six months",
        "Not sooner than N/A",
        "Not sooner than",
        "June 5",
        "June 5, 1026",
        "2026",
        "Mar 1, 2026 (us-east-1)",
        "\u0662\u0660\u0662\u0666-07-23",
    ],
)
def test_what_needs_a_guess_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_date(text)


@given(st.dates(min_value=date(2015, 1, 1), max_value=date(2099, 12, 31)))
def test_every_day_reads_back_from_both_notations(day: date) -> None:
    assert read_date(day.isoformat()) == (day, "day")
    assert read_date(f"{day:%B} {day.day}, {day.year}") == (day, "day")
    assert read_date(f"Not sooner than {day:%b} {day.day}, {day.year}") == (day, "floor")


@given(st.text(max_size=40))
def test_any_text_is_a_date_no_date_or_a_value_error(text: str) -> None:
    try:
        day, precision = read_date(text)
    except ValueError:
        return
    assert (day is None) == (precision == "none")
