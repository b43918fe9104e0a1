"""What-if in the terminal: each offer in use beside its targets, then rules, factors and what is not known."""

from typing import Any

from rich.console import Console
from rich.table import Table

from pipelines.cli.views.hidden_cost import NOT_IN_DATA, dollars
from pipelines.cli.views.tables import MAX_LINE, cell

UNKNOWN = "unknown"


def print_what_if(console: Console, answer: dict[str, Any]) -> None:
    """An answer of `decisions.answer_what_if`."""
    what = answer.get("scenario") or f"usage of {answer.get('first_day')} to {answer.get('last_day')}"
    table = Table(title=f"{cell(what)}, at the prices of {answer['date']}")
    for name in ("used", "class", "at"):
        table.add_column(name, overflow="fold")
    for name in ("spent", "effective", "same offer", "low", "high", "change", "cold cache, once"):
        table.add_column(name, justify="right")
    is_choice = len({_offer(row["target"]) for row in answer["rows"]}) > 1
    for row in answer["rows"]:
        table.add_row(
            _offer(row["source"]),
            cell(row["task_class"] or ""),
            _offer(row["target"]) + (" (cheapest)" if row["is_cheapest"] and is_choice else ""),
            *(_usd(row.get(name), absent="-" if name.startswith("spent") else UNKNOWN) for name in _MONEY),
            _change(row),
            _usd(row["cold_cache_usd"], absent=UNKNOWN if row["unknown"] else NOT_IN_DATA),
        )
    if answer["total"] and len(answer["rows"]) > 1:
        total = answer["total"]
        amounts = [_usd(total.get(name), absent="-" if name.startswith("spent") else UNKNOWN) for name in _MONEY]
        table.add_row("in all", "", "", *amounts, "", _usd(total["cold_cache_usd"], absent=UNKNOWN))
    console.print(table)
    for text in sorted({_unknown(row) for row in answer["rows"] if row["unknown"]}):
        console.print(f"unknown: {cell(text, MAX_LINE)}")
    for text in sorted({_mapped(row) for row in answer["rows"] if row["mapped"]}):
        console.print(f"counted as: {cell(text, MAX_LINE)}")
    factors = answer["factors"]
    console.print(
        f"factors: tokenizer {'..'.join(dict.fromkeys(factors['tokenizer']))}, output length "
        f"{'..'.join(dict.fromkeys(factors['output_length']))}"
    )
    for note in answer["notes"]:
        console.print(f"note: {cell(note, MAX_LINE)}")


_MONEY = ("spent_usd", "spent_effective_usd", "same_usd", "low_usd", "high_usd")


def _offer(offer: dict[str, str]) -> str:
    """Model, and what of the offer is not ordinary."""
    provider = "" if offer["provider"] == "unknown" else f"{offer['provider']} "
    special = [offer[name] for name in ("channel", "region", "service_tier")]
    shown = [text for text in special if text not in ("api", "global", "standard")]
    return cell(" ".join([f"{provider}{offer['model']}", *shown]))


def _usd(text: str | None, *, absent: str) -> str:
    return absent if text is None else dollars(text)


def _change(row: dict[str, Any]) -> str:
    if row["change_high_usd"] is None:
        return UNKNOWN
    ends = dict.fromkeys((dollars(row["change_low_usd"]), dollars(row["change_high_usd"])))
    return " to ".join(ends)


def _unknown(row: dict[str, Any]) -> str:
    reasons = ", ".join(f"{one['meter']} {one['reason']}" for one in row["unknown"])
    return f"{_offer(row['target'])}: {reasons}"


def _mapped(row: dict[str, Any]) -> str:
    rules = ", ".join(f"{one['meter']} as {one['counted_as']}" for one in row["mapped"])
    return f"{_offer(row['target'])}: {rules}, which it does not sell"
