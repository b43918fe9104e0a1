"""Budgets in a table, and one of them in a sentence."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.table import Table

from pipelines.cli.views.tables import cell, print_table

COLUMNS = ("owner", "period", "budget", "spent", "projected", "80 % band", "used up on", "overrun", "status")


def print_budgets(console: Console, budgets: Sequence[dict[str, Any]], day: date) -> None:
    """Every budget on a line, in whole cents; how to state one where there is none."""
    if not budgets:
        console.print(f"No budget holds on {day}. Write one into budgets.toml: docs/budgets.md")
        return
    table = Table(title=f"Budgets as of {day}, USD as owed", title_justify="left", header_style="bold")
    for name in COLUMNS:
        table.add_column(name, justify="right" if name in COLUMNS[2:6] or name == "overrun" else "left")
    for one in budgets:
        band = "" if one["low_usd"] is None else f"{_usd(one['low_usd'])} to {_usd(one['high_usd'])}"
        chance = one["chance_of_overrun"]
        shown = (
            _owner(one),
            f"{one['period']} from {one['first_on']}",
            _usd(one["budget_usd"]),
            _usd(one["spent_usd"]),
            f"{'at least ' if one['is_lower_bound'] else ''}{_usd(one['projected_usd'])}",
            band,
            one["exhausted_on"],
            None if chance is None else f"{chance:.0%}",
            one["status"].replace("_", " "),
        )
        table.add_row(*(cell(value) for value in shown))
    print_table(console, table)
    for one in budgets:
        if one["projected_usd"] is None:
            said = f"{_owner(one)}, {one['period']}: {one['unpriced_reason'] or one['band_basis']}"
        elif why := one["band_basis"].partition("; ")[2]:
            said = f"80 % band of {_owner(one)}, {one['period']}: {why}"
        else:
            continue
        console.print(cell(said), highlight=False, soft_wrap=True)


def budget_words(one: dict[str, Any]) -> str:
    """Which budget is passed, by how much and when."""
    about = (
        f"the budget of {_usd(one['budget_usd'])} USD of {_owner(one)} for the {one['period']} from {one['first_on']}"
    )
    if one["status"] == "exceeded":
        return f"{about} is exceeded since {one['exhausted_on']}: {_usd(one['spent_usd'])} USD are spent"
    return f"{about} will be exceeded: {_usd(one['projected_usd'])} USD are projected, used up on {one['exhausted_on']}"


def _owner(one: dict[str, Any]) -> str:
    return "all" if one["scope"] == "all" else f"{one['scope']} {one['owner']}"


def _usd(amount: Decimal | None) -> str:
    return "not known" if amount is None else f"{amount:,.2f}"
