"""Budget by stage in the terminal: one line per stage and model."""

from typing import Any

from rich.console import Console
from rich.table import Table

from pipelines.cli.views.hidden_cost import dollars
from pipelines.cli.views.tables import cell, print_table


def print_stage_budget(console: Console, answer: dict[str, Any]) -> None:
    """An answer of `decisions.answer_stage_budget`."""
    table = Table(title=f"a month by stage, at the prices of {answer['date']}; a call is {cell(answer['basis'])}")
    for name in ("calls a day", "Mtok a month", "model", "USD a month", "the article says"):
        table.add_column(name, justify="right" if name not in ("model", "the article says") else "left")
    before = None
    for row in answer["rows"]:
        is_first = row["calls_per_day"] != before
        if is_first and before is not None:
            table.add_section()
        before = row["calls_per_day"]
        tokens = dict.fromkeys(f"{row[f'tokens_per_month_{end}'] / 1e6:,.1f}" for end in ("low", "high"))
        usd = [row[f"usd_per_month_{end}"] for end in ("low", "high")]
        shown = "unknown" if None in usd else " to ".join(dict.fromkeys(map(dollars, usd)))
        table.add_row(
            f"{before:,}" if is_first else "",
            " to ".join(tokens) if is_first else "",
            cell(row["model"]),
            shown,
            cell(row["article_states"] or "") if is_first else "",
        )
    print_table(console, table, ("calls a day", "Mtok a month", "the article says"))
    for text in dict.fromkeys(f"{row['model']}: {row['reason']}" for row in answer["rows"] if row["reason"]):
        console.print(f"unknown: {cell(text)}")
    for note in answer["notes"]:
        console.print(f"note: {cell(note)}")
