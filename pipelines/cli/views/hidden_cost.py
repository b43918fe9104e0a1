"""Hidden cost in the terminal: the parts beside the naive figure, then what the answer rests on."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from rich.console import Console
from rich.table import Table

from pipelines.cli.views.tables import about, cell, print_table

NOT_IN_DATA = "not in your data"
UNSTATED = "definition:"
"""How the source of a default begins that is no assumption about the world."""


def print_hidden_cost(console: Console, answer: dict[str, Any]) -> None:
    """Parts, ratio, prices and settings of an answer of `decisions.answer_hidden_cost`."""
    what = about(answer, f"logs of {answer.get('first_day')} to {answer.get('last_day')}")
    table = Table(title=f"{cell(what)}, {answer['date']}, {cell(answer['model'] or 'all models')}")
    for name in ("part", "USD a month", "share", "how"):
        table.add_column(name, justify="right" if name in ("USD a month", "share") else "left", overflow="fold")
    for part in answer["parts"]:
        share = f"{Decimal(part['share']) * 100:.1f} %" if part["share"] is not None else ""
        amount = dollars(part["usd_per_month"]) if part["usd_per_month"] is not None else NOT_IN_DATA
        table.add_row(cell(part["part"]), amount, share, cell(part["reason"] or part["formula"]))
    print_table(console, table)
    console.print(
        f"naive: {dollars(answer['naive_usd_per_month'])} USD a month; in all: "
        f"{dollars(answer['total_usd_per_month'])}; ratio {answer['ratio'] or 'unknown'}"
    )
    print_effective(console, answer)
    if (one := answer.get("conversation")) and one["turns"] > 1:
        console.print(
            f"one conversation of {one['turns']:,} turns: {one['input_tokens']:,} tokens in, {one['output_tokens']:,} "
            f"out, {dollars(one['usd'])} USD; its words and history alone are {one['token_ratio_to_single_turn']} times"
            f" the tokens of a single turn, {one['usd_ratio_to_single_turn']} times its dollars"
        )
    if answer.get("owners"):
        print_owners(console, answer)
    for note in answer["notes"]:
        console.print(f"note: {cell(note)}")
    print_prices(console, answer)
    print_settings(console, answer["settings"])


def print_effective(console: Console, answer: dict[str, Any]) -> None:
    """What is paid for the same usage, where that is known; everything else is at list prices."""
    if answer.get("effective_usd_per_month") is not None:
        paid = dollars(answer["effective_usd_per_month"])
        console.print(f"these are list prices; effective, by contract and plans: {paid} USD a month")


def print_owners(console: Console, answer: dict[str, Any]) -> None:
    """The same by owner, dearest first."""
    columns = (
        "naive",
        "total",
        "effective",
        *(part["part"] for part in answer["parts"] if part["usd_per_month"] is not None),
    )
    table = Table(title=f"USD a month by {cell(answer['by'])}")
    for name in (answer["by"], *columns, "ratio"):
        table.add_column(name, justify="left" if name == answer["by"] else "right", overflow="fold")
    for row in answer["owners"]:
        amounts = (row[f"{name}_usd_per_month"] for name in columns)
        shown = (dollars(amount) if amount is not None else NOT_IN_DATA for amount in amounts)
        table.add_row(cell(row["owner"]) or "not told", *shown, row["ratio"] or "")
    print_table(console, table)


def print_prices(console: Console, answer: dict[str, Any]) -> None:
    """The prices behind a scenario's answer, and where they are printed."""
    if answer.get("usd_per_mtok"):
        prices = ", ".join(f"{meter} {price}" for meter, price in answer["usd_per_mtok"].items())
        source = "as the scenario states them" if answer["prices_stated"] else "in force that day"
        console.print(f"prices, USD per million tokens, {source}: {prices}")
    pages = sorted({line["page"] or line["source"] for line in answer.get("prices", ())})
    if pages:
        console.print("from " + ", ".join(cell(page) for page in pages))


def print_settings(console: Console, settings: list[dict[str, Any]]) -> None:
    """What the scenario states and what is assumed, with the source of each default."""
    if not settings:
        return
    table = Table(title="assumed, unless the scenario says otherwise")
    for name in ("key", "value", "unit", "source", "of"):
        table.add_column(name, overflow="fold")
    defaults = [one for one in settings if one["is_default"]]
    for one in defaults:
        if not one["source"].startswith(UNSTATED):
            table.add_row(*(cell(one[name]) for name in ("name", "value", "unit", "source", "source_on")))
    print_table(console, table)
    unstated = ", ".join(one["name"] for one in defaults if one["source"].startswith(UNSTATED))
    console.print(f"not stated, so no part of it: {cell(unstated)}")


def dollars(text: str) -> str:
    """An amount for people: cents, and what is below a dollar to a millionth."""
    amount = Decimal(text)
    places = "0.01" if abs(amount) >= 1 or not amount else "0.000001"
    return f"{amount.quantize(Decimal(places), ROUND_HALF_UP):,f}"
