"""Why a threshold is not what it was on the day decided before: which of its inputs is another one. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

OFFER = (
    "api_provider",
    "api_model",
    "way",
    "gpu_provider",
    "gpu_tier",
    "gpu",
    "variant",
    "pricing",
    "term_months",
    "open_model",
)
"""What tells one row of main.break_even of a day from another."""
INPUTS: tuple[str, ...] = (
    "break_even_tokens_per_month",
    "usd_per_mtok",
    "usd_per_gpu_hour",
    "price_ids",
    "term_ids",
    "rate_id",
    "throughput_id",
)
INPUTS += ("mix", "peak_factor", "engineering_usd_per_month", "acceptance_share", "latency_goal")

Row = Mapping[str, Any]


def with_causes(rows: Iterable[dict[str, Any]], before: Iterable[Row]) -> list[dict[str, Any]]:
    """The rows with `moved_by`: what moved their threshold since `before`, rows with OFFER and INPUTS of one day."""
    known = {tuple(row[name] for name in OFFER): row for row in before}
    found = []
    for row in rows:
        past = known.get(tuple(row.get(name) for name in OFFER))
        found.append(row | {"moved_by": past and _causes(past, row)})
    return found


def _causes(past: Row, row: Row) -> str | None:
    name = "break_even_tokens_per_month"
    if past[name] == row.get(name):
        return None
    causes = []
    if past["price_ids"] != row.get("price_ids") or past["term_ids"] != row.get("term_ids"):
        causes.append(f"API price of the mix {_shown(past, row, 'usd_per_mtok')} USD per Mtok")
    if past["usd_per_gpu_hour"] != row.get("usd_per_gpu_hour"):
        causes.append(f"rate {_shown(past, row, 'usd_per_gpu_hour')} USD per GPU hour")
    elif past["rate_id"] != row.get("rate_id"):
        causes.append("another offer at the same rate")
    if past["throughput_id"] != row.get("throughput_id"):
        causes.append("other measured points")
    if past["mix"] != row.get("mix"):
        causes.append("your usage")
    if any(past[one] != row.get(one) for one in ("peak_factor", "engineering_usd_per_month", "acceptance_share")):
        causes.append("your peak, people or acceptance")
    if past["latency_goal"] != row.get("latency_goal"):
        causes.append("the goal of latency")
    return "; ".join(causes) or "figures of the program"


def _shown(past: Row, row: Row, name: str) -> str:
    return " -> ".join("none" if one.get(name) is None else f"{one[name].normalize():f}" for one in (past, row))
