"""Values as text for a person: digits as they are, whole, without markup; rows at any width."""

import io
from datetime import date
from decimal import Decimal

import polars as pl
import pytest
from rich.console import Console
from rich.table import Table

from pipelines.cli.views.tables import cell, print_rows, print_table


@pytest.mark.parametrize(
    ("value", "text"),
    [(Decimal("0E-12"), "0.000000000000"), (Decimal("1E+3"), "1000"), (Decimal("1.50"), "1.50"), (None, "")],
)
def test_an_amount_is_never_in_powers_of_ten(value, text):
    assert cell(value) == text


@pytest.mark.parametrize(("width", "is_record"), [(200, False), (44, False), (30, True)])
def test_a_table_that_is_too_narrow_for_its_words_becomes_records_and_no_digit_is_cut(width, is_record):
    table = Table("budget", "spent", "used up on", title="Budgets")
    table.add_row("12,345,678.90", "", "on 2026-10-26")
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    print_table(console, table)
    text = console.file.getvalue()
    assert "12,345,678.90" in text
    assert "2026-10-26" in text
    assert ("row 1" in text) is is_record
    assert not is_record or "spent" not in text


FRAME = pl.DataFrame(
    {
        "model": ["gpt-4o", "x[bold]y[/]:fire:\x1b[31m"],
        "usd": [Decimal("12345678.90"), None],
        "why": ["one two three four five six seven " * 5, "short"],
        "as_of": [date(2026, 10, 10)] * 2,
    }
)


def shown(width, is_terminal=True, frame=FRAME, main=("model", "usd")):
    console = Console(file=io.StringIO(), width=width, force_terminal=is_terminal, color_system=None, emoji=False)
    print_rows(console, frame, frame.height, main)
    return console.file.getvalue()


@pytest.mark.parametrize("width", range(34, 240, 7))
def test_no_figure_or_name_is_broken_at_any_width_and_nothing_is_cut(width):
    text = shown(width)
    assert "12345678.90" in text
    assert "x[bold]y[/]:fire: [31m" in text
    assert "…" not in text
    assert all(len(line) <= width for line in text.splitlines() if not line.startswith(("no room", "in every")))
    assert text.count("seven") in ({0, 5} if "no room for why" in text else {5})
    assert "2026-10-10" in text, "the date of the figures is always told"


def test_in_a_pipe_there_are_plain_lines_and_all_columns():
    lines = shown(40, is_terminal=False).splitlines()
    assert lines[0].split() == ["model", "usd", "why", "as_of"]
    assert lines[2].split() == ["x[bold]y[/]:fire:", "[31m", "short", "2026-10-10"]
    assert lines[1].index("12345678.90") + 11 == lines[0].index("usd") + 3, "figures end below each other"
    assert len(lines) == 3


def test_in_a_pipe_a_table_of_a_view_is_plain_too_and_keeps_its_second_lines():
    table = Table("used", title=cell("what [x]"))
    table.add_column("low", justify="right")
    table.add_row(cell("gpt-4o [a]"), "1,386.00\n316.70")
    console = Console(file=io.StringIO(), width=30, force_terminal=False)
    print_table(console, table)
    assert console.file.getvalue() == (
        "what [x]\n used             low \n gpt-4o [a]  1,386.00 \n               316.70 \n"
    )


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_record_and_a_line_of_a_pipe_say_again_what_a_box_shows_once(is_terminal):
    table = Table("calls a day", "model")
    table.add_row("500", "gpt-5-nano")
    table.add_row("", "gpt-4o-mini")
    console = Console(file=io.StringIO(), width=18, force_terminal=is_terminal, color_system=None)
    print_table(console, table, ("calls a day",))
    assert console.file.getvalue().count("500") == 2


NUMBERS = {
    "usage_date": date(2026, 7, 15),
    "model": "claude-haiku-4-5-20251001",
    "the_longest_sum_there_is": Decimal("-99999999999999999999999999.999999999999"),
    "share": 1.2345678901234568e29,
    "parts": [Decimal("0.000000000001"), Decimal("12345678901234567890.25"), None],
    "by_meter": {"cache_write_5m": Decimal("987654321.000000000001"), "told": ["x"]},
    "page": f"https://example.org/{'a' * 90}",
    "why": "it was seen 123456789012 times in 987654321098 requests " * 3,
}
WHOLE = (
    *("2026-07-15", "claude-haiku-4-5-20251001", "-99999999999999999999999999.999999999999", "1.2345678901234568e+29"),
    *("0.000000000001", "12345678901234567890.25", "987654321.000000000001", "123456789012", "987654321098"),
    NUMBERS["page"],
)


@pytest.mark.parametrize("width", [*range(10, 130, 7), 40, 60, 100, 120])
@pytest.mark.parametrize("is_renamed", [False, True], ids=["short names", "a name wider than the terminal"])
def test_a_record_breaks_no_number_and_no_word_at_any_width(width, is_renamed):
    frame = pl.DataFrame([NUMBERS])
    if is_renamed:
        frame = frame.rename({"share": "share_of_what_was_owed_by_all_teams_of_the_house_in_that_month"})
    text = shown(width, frame=frame, main=None)
    assert "row 1" in text
    assert [number for number in WHOLE if number not in text] == []
    assert text.count("987654321098") == 3
    too_long = [line for line in text.splitlines() if len(line) > width]
    assert all(len(line.split()) == 1 for line in too_long), "what is longer than the terminal is one word"


def test_lists_and_structs_are_shown_with_every_member_at_any_length():
    frame = pl.DataFrame({"many": [list(range(200))], "of": [{"a": Decimal("1.50"), "b": [None, "x"]}]})
    text = " ".join(shown(24, frame=frame, main=None).split())
    assert f"[{', '.join(map(str, range(200)))}]" in text
    assert "{a: 1.50, b: [NULL, x]}" in text


def test_one_row_is_no_rows():
    assert shown(200, frame=FRAME.head(1)).split("\n")[0].strip() == "1 row"
