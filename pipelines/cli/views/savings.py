"""Savings in the terminal: each lever alone and together, then the rules of stacking and what was assumed."""

from typing import Any

from rich.console import Console
from rich.table import Table

from pipelines.cli.views.hidden_cost import NOT_IN_DATA, dollars, print_effective, print_prices, print_settings
from pipelines.cli.views.tables import about, cell, print_table


def print_savings(console: Console, answer: dict[str, Any]) -> None:
    """An answer of `decisions.answer_savings` or of `decisions.logged_savings`."""
    what = about(answer, f"logs of {answer.get('first_day')} to {answer.get('last_day')}")
    table = Table(title=f"{cell(what)}, {answer['date']}, {cell(answer['model'] or 'all models')}")
    for name in ("lever", "alone, USD a month", "together", "basis", "how"):
        table.add_column(name, justify="right" if name in ("alone, USD a month", "together") else "left")
    for row in answer["savings"]:
        alone = dollars(row["usd_per_month"]) if row["usd_per_month"] is not None else _missing(row["reason"])
        together = row["together_usd_per_month"]
        shown = (alone, dollars(together) if together is not None else "")
        table.add_row(cell(row["lever"]), *shown, cell(row["basis"]), cell(row["reason"] or row["formula"]))
    print_table(console, table)
    console.print(f"now: {dollars(answer['usd_per_month'])} USD a month")
    print_effective(console, answer)
    if answer["saved_together_usd_per_month"] is not None:
        console.print(
            f"together: {dollars(answer['saved_together_usd_per_month'])} less, "
            f"{dollars(answer['left_usd_per_month'])} left"
        )
    for note in answer["notes"]:
        console.print(f"note: {cell(note)}")
    rules = Table(title="what stacks")
    for name in ("provider", "one", "other", "how", "says", "source", "of"):
        rules.add_column(name, overflow="fold")
    for rule in answer["rules"]:
        names = ("provider", "one", "other", "how", "says", "source", "source_on")
        rules.add_row(*(cell(rule[name]) for name in names))
    print_table(console, rules)
    print_prices(console, answer)
    print_settings(console, answer["settings"])


def print_trace(console: Console, answer: dict[str, Any]) -> None:
    """What a cache would have read of a recorded load."""
    console.print(
        f"{cell(answer['trace'])}: {answer['calls']:,} calls in {answer['seconds']:,} seconds, "
        f"{answer['input_tokens']:,} tokens in, {answer['output_tokens']:,} out; "
        f"busiest {answer['peak_of']} over mean {answer['peak_over_mean']}"
    )
    if answer["cache_read_tokens"] is not None:
        console.print(
            f"a prefix cache without limits would read {answer['cache_read_tokens']:,} tokens, "
            f"{float(answer['cached_share']) * 100:.2f} % of the prompts"
        )
    if answer.get("saved_usd"):
        console.print(
            f"at {cell(answer['model'])} on {answer['date']}: {dollars(answer['usd'])} USD without a cache, "
            f"{dollars(answer['usd_with_cache'])} with it, {dollars(answer['saved_usd'])} saved"
        )
    for note in answer["notes"]:
        console.print(f"note: {cell(note)}")


def _missing(reason: str | None) -> str:
    return NOT_IN_DATA if reason and reason.startswith(NOT_IN_DATA) else "none"
