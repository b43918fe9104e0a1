"""Claims in the terminal: all of them in a table, or one with its formula and inputs."""

from typing import Any

from rich.console import Console
from rich.table import Table

from pipelines.cli.views.tables import cell, print_table


def print_claims(console: Console, answer: dict[str, Any]) -> None:
    """One line per claim, and how many hold."""
    table = Table(title=f"claims of two articles at the prices of their date, and of {answer['date']}")
    for name in ("id", "claim", "stated", "recomputed", "factor", "verdict", "that day"):
        table.add_column(name, overflow="fold")
    for row in answer["claims"]:
        stated = row["stated"] if row["unit"] == "tokens" else f"{row['stated']} {row['unit']}"
        is_same = (row["recomputed"], row["verdict"]) == (row["recomputed_on_day"], row["verdict_on_day"])
        shown = "same" if is_same else f"{row['recomputed_on_day'] or ''} {row['verdict_on_day']}"
        recomputed = row["recomputed"] or row["reason"] or ""
        texts = (row["claim_id"], row["claim"], stated, recomputed, row["factor"] or "", row["verdict"], shown)
        table.add_row(*(cell(text) for text in texts))
    print_table(console, table)
    console.print(", ".join(f"{count} {verdict}" for verdict, count in answer["verdicts"].items()))


def print_claim(console: Console, answer: dict[str, Any]) -> None:
    """One claim with everything that it rests on."""
    (row,) = answer["claims"]
    for name in ("claim_id", "article", "claim", "claimed_on", "stated", "unit", "recomputed", "factor", "verdict"):
        if row[name]:
            console.print(f"{name.replace('_', ' ')}: {cell(row[name])}")
    told = [row["recomputed_on_day"] or "", row["verdict_on_day"]]
    console.print(f"on {answer['date']}: {cell(', '.join(filter(None, told)))}")
    for name in ("formula", "note", "reason"):
        if row[name]:
            console.print(f"{name}: {cell(row[name])}")
    if not row["inputs"]:
        return
    table = Table(title="inputs, as of the claim")
    for name in ("name", "value", "unit", "since", "source", "version"):
        table.add_column(name, overflow="fold")
    for one in row["inputs"]:
        table.add_row(*(cell(one[name] or "") for name in ("name", "value", "unit", "since", "source", "version")))
    print_table(console, table)
