"""What is believed of one price, and what a new figure says about it: a change, a correction of the file, or nothing.

How evidence is collected and told is in `fold_evidence.py`.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

Row = dict[str, Any]
Facts = tuple[Decimal, int | None, str]
"""USD per unit, the prompt size from which it no longer applies, and the unit."""
Statement = tuple[Facts, datetime]

ROUNDING = Decimal("0.06")
"""A smaller relative move is a figure written more exactly: no provider moves a list price by so little."""
SLIP = Decimal(15)
"""A larger move by an aggregator is a slipped unit: the largest true cut on record is tenfold (mistral-small)."""


@dataclass
class Belief:
    """The price of one key that holds since a moment, and those before and after it."""

    facts: Facts
    since: datetime
    series: str
    stated_at: datetime
    """When `series` last said so."""
    earlier: list[tuple[Facts, datetime]] = field(default_factory=list)
    future: list[Row] = field(default_factory=list)
    """What is announced for later, as it was stated."""


def facts_of(row: Row) -> Facts:
    """What a row states, beside where it is printed."""
    return (row["usd_per_unit"], row["context_to"], row["unit"])


def is_move(belief: Belief, before: Statement | None, facts: Facts, *, is_own: bool) -> bool:
    """Whether an aggregator has moved away from a price that is or was believed.

    `before`: what it said last, and when. `is_own`: the belief rests on that. Going back to a price that a better
    source has replaced is no move, the file has lost what it knew; nor is a step of a file that was behind when the
    better source spoke, for it may be a late echo of what happened in between.
    """
    if before is None or before[0] == facts:
        return False
    past = [old for old, _ in belief.earlier]
    if is_own:
        return before[0] in [belief.facts, *past]
    is_behind = before[0] in past and before[1] >= belief.stated_at
    return facts not in past and (before[0] == belief.facts or is_behind)


def corrected_since(belief: Belief, facts: Facts, *, is_own: bool) -> datetime | None:
    """Since when a new figure should have stood in the place of the old one; None for a true change.

    A return to the price before, a slipped unit and a rounded figure are errors of the file, not of the provider; so is
    a surcharge on long prompts that it had left out. `is_own`: an aggregator says so about its own earlier statement.
    """
    old, new = belief.facts[0], facts[0]
    if old == new:
        has_gained_a_range = belief.facts[1] is None and facts[1] is not None
        return belief.since if has_gained_a_range else None
    if is_own and belief.earlier and belief.earlier[-1][0] == facts:
        return belief.since
    if old and abs(new - old) / old <= ROUNDING:
        return belief.since
    is_slip = is_own and (not old or not new or max(old / new, new / old) >= SLIP)
    return belief.since if is_slip else None
