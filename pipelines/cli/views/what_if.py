"""What-if in the terminal: each offer in use beside its targets, then rules, factors and what is not known."""

from typing import Any

from rich.console import Console
from rich.table import Table

from pipelines.cli.views.hidden_cost import NOT_IN_DATA, dollars
from pipelines.cli.views.tables import about, cell, print_table

UNKNOWN = "unknown"


def print_what_if(console: Console, answer: dict[str, Any]) -> None:
    """An answer of `decisions.answer_what_if`."""
    what = about(answer, f"usage of {answer.get('first_day')} to {answer.get('last_day')}")
    rows = answer["rows"]
    is_paid_apart = any(row[f"{name}_usd"] != row[f"{name}_effective_usd"] for row in rows for name in _AMOUNTS)
    below = "; below a list price, what is paid where it is another" if is_paid_apart else ""
    table = Table(title=f"{cell(what)}, at the prices of {answer['date']}{below}")
    for name in ("used", "class", "at"):
        table.add_column(name, overflow="fold")
    for name in ("spent", "same offer", "low", "high", "change", "cold cache, once"):
        table.add_column(name, justify="right")
    is_choice = len({_offer(row["target"]) for row in rows}) > 1
    for row in rows:
        table.add_row(
            _offer(row["source"]),
            cell(row["task_class"] or ""),
            _offer(row["target"]) + (" (cheapest)" if row["is_cheapest"] and is_choice else ""),
            *(_both(row, name) for name in _AMOUNTS),
            "\n".join(dict.fromkeys((_change(row, "usd"), _change(row, "effective_usd")))),
            _both(row, "cold_cache", absent=UNKNOWN if row["unknown"] else NOT_IN_DATA),
        )
    if answer["total"] and len(answer["rows"]) > 1:
        total = answer["total"]
        amounts = [_both(total, name) for name in _AMOUNTS]
        table.add_row("in all", "", "", *amounts, "", _both(total, "cold_cache"))
    print_table(console, table)
    for text in sorted({_unknown(row) for row in answer["rows"] if row["unknown"]}):
        console.print(f"unknown: {cell(text)}")
    for text in sorted({_mapped(row) for row in answer["rows"] if row["mapped"]}):
        console.print(f"counted as: {cell(text)}")
    factors = answer["factors"]
    console.print(
        f"factors: tokenizer {'..'.join(dict.fromkeys(factors['tokenizer']))}, output length "
        f"{'..'.join(dict.fromkeys(factors['output_length']))}"
    )
    for note in answer["notes"]:
        console.print(f"note: {cell(note)}")


_AMOUNTS = ("spent", "same", "low", "high")


def _both(row: dict[str, Any], name: str, *, absent: str = UNKNOWN) -> str:
    """An amount at list prices, and below it as it is paid, where that is another."""
    nothing = "-" if name == "spent" else absent
    return "\n".join(dict.fromkeys(_usd(row[f"{name}_{unit}"], absent=nothing) for unit in ("usd", "effective_usd")))


def _offer(offer: dict[str, str]) -> str:
    """Model, and what of the offer is not ordinary."""
    provider = "" if offer["provider"] == "unknown" else f"{offer['provider']} "
    special = [offer[name] for name in ("channel", "region", "service_tier")]
    shown = [text for text in special if text not in ("api", "global", "standard")]
    return cell(" ".join([f"{provider}{offer['model']}", *shown]))


def _usd(text: str | None, *, absent: str) -> str:
    return absent if text is None else dollars(text)


def _change(row: dict[str, Any], unit: str) -> str:
    if row[f"change_high_{unit}"] is None:
        return UNKNOWN
    ends = dict.fromkeys((dollars(row[f"change_low_{unit}"]), dollars(row[f"change_high_{unit}"])))
    return " to ".join(ends)


def _unknown(row: dict[str, Any]) -> str:
    reasons = ", ".join(f"{one['meter']} {one['reason']}" for one in row["unknown"])
    return f"{_offer(row['target'])}: {reasons}"


def _mapped(row: dict[str, Any]) -> str:
    rules = ", ".join(f"{one['meter']} as {one['counted_as']}" for one in row["mapped"])
    return f"{_offer(row['target'])}: {rules}, which it does not sell"
