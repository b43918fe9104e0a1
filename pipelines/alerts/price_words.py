"""How a change of prices is said: what moved, since when, and what it costs. When to say it is in `price_rules`."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from pipelines.alerts.message import figure_words, percent_words, price_words, usd_words
from pipelines.schema.time_windows import ALWAYS

Row = dict[str, Any]


def move_words(row: Row) -> str:
    """One price change in words."""
    label, old, new, unit = _label(row), row["old_usd_per_unit"], row["new_usd_per_unit"], row["unit"]
    if row["kind"] == "announced_cancelled":
        instead = "" if new is None else f", {figure_words(new)} holds instead"
        return f"{label} {price_words(old, unit)} announced from {row['valid_from']:%Y-%m-%d} is cancelled{instead}"
    if row["kind"] == "vanished":
        return f"{label} no longer printed, stays at {price_words(new, unit)}"
    if row["kind"] == "returned":
        return f"{label} printed again at {price_words(new, unit)}"
    if old is None:
        return f"{label} new at {price_words(new, unit)}"
    verb = "corrected " if row["kind"] == "corrected" else ""
    return f"{label} {verb}{figure_words(old)} -> {price_words(new, unit)}{percent_words(old, new)}"


def since_words(row: Row) -> str:
    """When the move begins; what is cancelled says it itself."""
    if row["kind"] == "announced_cancelled":
        return ""
    return f" {'since' if row['valid_from'] <= row['known_from'] else 'from'} {row['valid_from']:%Y-%m-%d}"


def _label(row: Row) -> str:
    terms = [] if row["service_tier"] == "standard" else [row["service_tier"]]
    if row["context_from"]:
        terms.append(f"prompts from {row['context_from']:,} tokens")
    terms += [] if row["region"] == "global" else [row["region"]]
    terms += [] if row["time_window"] == ALWAYS else [row["time_window"]]
    return f"{row['meter']} ({', '.join(terms)})" if terms else str(row["meter"])


def model_words(row: Row) -> str:
    """Whose price it is: "openai gpt-x", "openai gpt-x on azure"."""
    return f"{row['provider']} {row['model']}{'' if row['channel'] == 'api' else ' on ' + row['channel']}"


def and_more(rows: list[Row]) -> str:
    """How many prices there are beside the first; "" where it is alone."""
    more = len(rows) - 1
    return f" and {more} more price{'s' if more > 1 else ''}" if more else ""


def correction_words(rows: list[Row]) -> str:
    """What corrections add to cost that was computed before."""
    correction = total(row["usd_correction"] for row in rows)
    if correction is None:
        return ""
    return f"; past cost changes by {usd_words(correction, signed=True)}" if correction else "; no effect on past cost"


def effect_words(rows: list[Row], effect: Decimal | None) -> str:
    """What the move does a month; a correction changes what was known, not what is billed."""
    kinds = {row["kind"] for row in rows}
    if effect is None or kinds == {"corrected"}:
        return ""
    whose = "against what was announced" if kinds == {"announced_cancelled"} else "for you"
    return f"; about {usd_words(effect, signed=True)} a month {whose}" if effect else "; no effect on your usage"


def total(effects: Iterable[Decimal | None]) -> Decimal | None:
    """The sum of what is known; None where nothing is."""
    known = [effect for effect in effects if effect is not None]
    return sum(known, Decimal(0)) if known else None
