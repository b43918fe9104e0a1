"""Exposure in the terminal: one line per figure, by hidden cost."""

from typing import Any

from rich.console import Console
from rich.table import Table

from pipelines.cli.views.hidden_cost import NOT_IN_DATA
from pipelines.cli.views.tables import about, cell, print_table


def print_exposure(console: Console, answer: dict[str, Any]) -> None:
    """An answer of `decisions.answer_exposure`."""
    what = about(answer, f"logs of the {answer['days']} days before")
    table = Table(title=f"what no bill shows: {cell(what)}, {answer['date']}")
    for name in ("hidden cost", "figure", "value", "unit", "how"):
        table.add_column(name, justify="right" if name == "value" else "left", overflow="fold")
    before = None
    for one in answer["measures"]:
        if before not in (None, one["exposure"]):
            table.add_section()
        name = one["exposure"].replace("_", " ") if one["exposure"] != before else ""
        before = one["exposure"]
        value = NOT_IN_DATA if one["value"] is None else one["value"]
        table.add_row(name, *(cell(text) for text in (one["measure"], value, one["unit"], one["how"])))
    print_table(console, table, ("hidden cost",))
    for note in answer["notes"]:
        console.print(f"note: {cell(note)}")
