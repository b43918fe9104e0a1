"""Break-even in the terminal: for each API model the best of every way, the curves, the sensitivity, the evidence."""

from decimal import Decimal
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.table import Table

from pipelines.cli.views.tables import cell, print_table
from pipelines.decisions.break_even import BEYOND
from pipelines.decisions.break_even_words import in_words

CURVE_POINTS = tuple(10**power for power in range(7, 13))
NAMES = {"peak_factor": "peak over mean", "engineering_usd_per_month": "people, USD a month"}


def print_break_even(console: Console, answer: dict[str, Any]) -> None:
    """An answer of `decisions.answer_break_even`."""
    for model, rows in groupby(answer["answers"], key=lambda row: (row["api_provider"], row["api_model"])):
        found = list(rows)
        _print_ways(console, found, answer["date"])
        curve = [row for row in answer["curve"] if (row["api_provider"], row["api_model"]) == model]
        if curve:
            _print_curve(console, curve)
        _print_hybrid(console, found[0])
        _print_spread(console, found)
        _print_evidence(console, found[0])
    for note in dict.fromkeys(answer["notes"]):
        console.print(f"note: {cell(note)}")


def _print_ways(console: Console, rows: list[dict[str, Any]], day: str) -> None:
    first = rows[0]
    own = in_words(first["own_tokens_per_month"])
    console.print(
        f"{cell(first['api_model'])} or {cell(first['open_model'])} on own machines, {day}, {own} tokens a month of "
        f"{first['mean_input_tokens'] or '?'} in ({first['cached_tokens'] or 0} cached) and "
        f"{first['mean_output_tokens'] or '?'} out, {cell(first['latency_goal'])}",
        soft_wrap=True,
    )
    table = Table(title_justify="left", header_style="bold")
    for name in ("way", "from", "card", "USD per GPU hour", "pays from", "at your volume, USD", "API, USD"):
        table.add_column(name, overflow="fold", justify="right" if "USD" in name else "left")
    for row in rows:
        table.add_row(
            row["way"],
            cell(f"{row['gpu_provider']} {row['gpu_tier']} {row.get('pricing') or ''}"),
            cell(f"{row.get('gpu') or ''} {row.get('variant') or ''}"),
            cell(row.get("usd_per_gpu_hour")),
            _pays_from(row),
            _usd(row["own_gpu_usd_per_month"]),
            _usd(row["own_api_usd_per_month"]),
        )
    print_table(console, table)
    for way, same in groupby(sorted(rows, key=lambda row: str(row["way"])), key=lambda row: str(row["way"])):
        console.print(f"{way}: {cell(next(same)['answer'])}", soft_wrap=True)


def _print_curve(console: Console, curve: list[dict[str, Any]]) -> None:
    table = Table(title="USD a month by volume", title_justify="left", header_style="bold")
    table.add_column("tokens a month")
    for volume in CURVE_POINTS:
        table.add_column(in_words(volume), justify="right")
    for way, rows in groupby(curve, key=lambda row: str(row["way"])):
        by_volume = {row["tokens_per_month"]: row for row in rows}
        table.add_row(way, *(_usd(by_volume[volume]["usd_per_month"]) for volume in CURVE_POINTS))
    print_table(console, table)


def _print_spread(console: Console, rows: list[dict[str, Any]]) -> None:
    """What moves the best threshold, from the low to the high end of each input."""
    spread = rows[0].get("sensitivity")
    for name, ends in (spread or {}).items():
        low, high = (in_words(ends[end]) if ends[end] else "never" for end in ("at_low", "at_high"))
        console.print(
            f"  {NAMES.get(name, name.replace('_', ' '))} {ends['low']:g} to {ends['high']:g}: {low} to {high}"
        )


def _print_hybrid(console: Console, row: dict[str, Any]) -> None:
    """A part of the calls on the best machines, the rest at the API: the month, and how much of the saving that is."""
    parts = []
    for share, one in (row.get("hybrid") or {}).items():
        captured = "" if one["captured"] is None else f" ({one['captured'] * 100:.1f} % of the saving)"
        parts.append(f"{Decimal(share) * 100:.0f} % {_usd(one['usd'])}{captured}")
    if parts:
        console.print(f"  with a part on own machines, USD: {', '.join(parts)}", soft_wrap=True)


def _print_evidence(console: Console, row: dict[str, Any]) -> None:
    """The ids behind the best answer."""
    for name in ("price_ids", "term_ids", "rate_id", "throughput_id", "throughput_source", "formula_version"):
        if row.get(name):
            console.print(f"  {name.replace('_', ' ')}: {cell(row[name])}", soft_wrap=True)


def _pays_from(row: dict[str, Any]) -> str:
    pays = row["break_even_tokens_per_month"]
    if row["way"] == "managed":
        return "never" if row["reason"] else "any volume"
    is_unknown = row["verdict"] == "unknown" or (row["reason"] or "").startswith(BEYOND)
    return in_words(pays) if pays else "unknown" if is_unknown else "never"


def _usd(amount: str | None) -> str:
    return "" if amount is None else f"{Decimal(amount):,.2f}"
