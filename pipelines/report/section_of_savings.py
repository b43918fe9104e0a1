"""The section about hidden cost and what would save. Rows in, a section out."""

from collections.abc import Mapping
from typing import Any

from pipelines.report.asked import Asked
from pipelines.report.section import Answer, Cell, Section, Table
from pipelines.report.sections_of_spend import NOTHING_SPENT
from pipelines.report.shown import day, number, percent, text, usd

PARTS = (
    ("history_usd", "Conversation history sent again"),
    ("cache_miss_usd", "Prompt caches missed"),
    ("reasoning_usd", "Reasoning"),
    ("system_usd", "System prompts"),
    ("retrieved_usd", "Retrieved documents"),
    ("retries_usd", "Retries and fallbacks"),
)
NOT_IN_DATA = "not in your data"
LEVERS = {
    "prompt_caching_saved": "Prompt caching, saved already",
    "cache_misses": "Caches that were missed",
    "prompt_caching_left": "More prompt caching",
    "batch_saved": "Batch, saved already",
    "batch_left": "Batch for what can wait",
    "flex_saved": "Flex, saved already",
    "flex_left": "Flex for what can wait",
    "response_cache": "A cache of answers",
    "contract_discount": "A contract's discount",
    "smaller_model": "A smaller model",
}


def hidden_and_savings(answers: Mapping[str, Answer], asked: Asked) -> Section:
    """What no bill shows, and what would save."""
    hidden = answers["hidden_cost"].frame.row(0, named=True)
    levers = answers["savings"].frame.rows(named=True)
    parts: list[tuple[Cell, ...]] = [
        (
            text(title),
            number(NOT_IN_DATA if hidden[name] is None else usd(hidden[name])),
            number(percent(_share(hidden[name], hidden["cost_usd"])) if hidden[name] is not None else ""),
        )
        for name, title in PARTS
    ]
    saving = [
        (
            text(LEVERS[row["lever"]]), number(usd(row["usd_a_month"])), text(row["basis"]), text(row["most_of_it"]),
            text(row["reason"]), text(day(row["as_of"])),
        )
        for row in levers
    ]  # fmt: skip
    left = [row for row in levers if not row["lever"].endswith("_saved")]
    lead = "No saving is left that the logs tell."
    if left and left[0]["usd_a_month"]:
        best = left[0]
        lead = f"The largest lever left: {LEVERS[best['lever']].lower()}, {usd(best['usd_a_month'])} a month at most."
    period = f"{asked.first} to {asked.last}"
    tables = [
        Table(f"Hidden parts of {usd(hidden['cost_usd'])} at list price, {period}", ("Part", "USD", "of it"), parts),
        Table(
            "Levers; one may stand in another's place, so do not add them up",
            ("Lever", "USD in 30 days", "Basis", "Most of it", "Assumes", "As of"),
            saving,
        ),
    ]
    empty = hidden["cost_usd"] is None and not levers
    return Section(
        "hidden",
        "Hidden cost and savings",
        period,
        NOTHING_SPENT if empty else lead,
        [answers["hidden_cost"], answers["savings"]],
        tables=[] if empty else [table for table in tables if table.rows],
    )


def _share(part: Any, whole: Any) -> float | None:
    return 100 * float(part) / float(whole) if whole else None
