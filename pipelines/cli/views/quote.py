"""The price of one request and the pages behind it."""

from typing import Any

from rich.console import Console
from rich.table import Table

from pipelines.cli.views.tables import cell, print_table


def print_quote(console: Console, answer: dict[str, Any]) -> None:
    """The cost of one request and what it rests on, line by line."""
    table = Table(title=f"{cell(answer['model'])} at {answer['at']}, {answer['service_tier']}")
    for name in ("meter", "quantity", "usd_per_unit", "unit", "cost_usd", "valid_from", "source", "page"):
        table.add_column(name.replace("_", " "), overflow="fold")
    for line in answer["lines"]:
        shown = [line["cost_usd"] or f"none: {line['reason']}"]
        table.add_row(
            cell(line["meter"]),
            f"{line['quantity']:,}",
            *(cell(line[name]) for name in ("usd_per_unit", "unit")),
            *map(cell, shown),
            *(cell(line.get(name)) for name in ("valid_from", "source", "page")),
        )
    print_table(console, table)
    for note in dict.fromkeys(note for line in answer["lines"] for note in line.get("notes", [])):
        console.print(cell(note))
    if answer["cost_usd"] is not None:
        console.print(f"cost: {answer['cost_usd']} USD")
    if answer.get("effective_cost_usd") is not None:
        console.print(f"{cell(answer['account'])} pays: {answer['effective_cost_usd']} USD")
        for band in answer["volume_bands"]:
            value = f"{band['value']} % off" if band["kind"] == "discount" else f"{band['value']} USD"
            of = "of what is above it" if band["volume"] == "graduated" else f"of all of the {band['per']}"
            unit = f" {band['volume_currency']} at list prices" if band["volume_currency"] else ""
            console.print(f"  {band['meter']}: {value} from {band['from_quantity']:,}{unit} a {band['per']} on, {of}")
    if answer["cost_usd"] is not None:
        return
    console.print(f"no price: {cell(answer['reason'])}")
    for name in ("detail", "nearest"):
        if answer.get(name):
            console.print(f"{name}: {cell(answer[name])}")
