"""Values as text for a person: digits as they are, bounded, without markup."""

import io
from decimal import Decimal

import pytest
from rich.console import Console
from rich.table import Table

from pipelines.cli.views.tables import cell, print_table


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
