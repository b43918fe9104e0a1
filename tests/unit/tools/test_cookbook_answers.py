"""The page of answers: every query has its part, and a value of a page is text and no markup."""

from decimal import Decimal

from pipelines.warehouse import SQL_FOLDER
from tools.cookbook_answers import PAGE, ROWS, cell, table

QUERIES = sorted(file.stem for file in (SQL_FOLDER / "cookbook").glob("*.sql"))


def test_every_query_has_its_answer_on_the_page():
    parts = [line.removeprefix("## ") for line in PAGE.read_text().splitlines() if line.startswith("## ")]
    assert parts == QUERIES


def test_a_value_is_no_markup_and_not_too_long():
    assert cell("a|b\n<img> [x](y)") == "a\\|b \\<img\\> \\[x\\](y)"
    assert (cell(None), cell(Decimal("1.50000")), cell(Decimal("1E+2")), cell(2 / 3)) == ("", "1.5", "100", "0.666667")
    assert cell("x" * 61) == "x" * 59 + "…"


def test_rows_that_are_not_shown_are_counted():
    assert table(["n"], [(1,)]) == "| n |\n| --- |\n| 1 |\n"
    assert table(["n"], [(1,)] * (ROWS + 2)).endswith("\n2 rows more.\n")
    assert table(["n"], []) == "No rows.\n"
