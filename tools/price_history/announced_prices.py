"""Prices announced for a later day: they come into force, are repeated, or are called off with what they rest on."""

from collections.abc import Iterator, Mapping

from pipelines.snapshots.segments import Key
from tools.price_history.derived_prices import is_same_move, rests_on
from tools.price_history.evidence_rules import Belief, Row, Statement, facts_of
from tools.price_history.historian import AGGREGATOR_RANK, CalledOff, Evidence, Historian
from tools.price_history.sightings import key_of

ANNOUNCED = "announced"
"""The series of a belief that came into force as it had been announced."""


def roll_on(belief: Belief | None, item: Evidence) -> None:
    """Announced prices that have come into force by a moment are the ones that are believed."""
    while belief is not None and belief.future and belief.future[0]["effective_from"] <= item.seen_at:
        row = belief.future.pop(0)
        belief.earlier.append((belief.facts, belief.since))
        belief.facts, belief.since, belief.series = facts_of(row), row["effective_from"], ANNOUNCED
        belief.stated_at = belief.since


def announced(historian: Historian, item: Evidence, key: Key, current: Row | None, rows: list[Row]) -> Iterator[Row]:
    """What a file announces for later, if that is news about a price on which it is right; or that nothing is."""
    belief = historian.beliefs.get(key)
    if belief is None or (current is not None and belief.facts != facts_of(current)):
        return
    is_aggregator = item.rank >= AGGREGATOR_RANK
    later = [row for row in rows if row["effective_from"] and row["effective_from"] > item.seen_at]
    if is_aggregator:
        gone = historian.cancelled[key]
        later = [row for row in later if _begin(row) not in gone and not _is_called_off(historian, belief, row)]
    if [_begin(row) for row in later] == [_begin(row) for row in belief.future] or (is_aggregator and not later):
        return
    gone_rows = [row for row in belief.future if row not in later and _begin(row) not in map(_begin, later)]
    historian.cancelled[key] += map(_begin, gone_rows)
    if not is_aggregator:
        historian.called_off += [CalledOff(key, belief.facts[0], row, item.fetch_id) for row in gone_rows]
    belief.future = later
    if current is not None:
        yield current | {"effective_from": max(belief.since, item.seen_at)}
    yield from later


def _begin(row: Row) -> Statement:
    return facts_of(row), row["effective_from"]


def called_off_with(historian: Historian, item: Evidence, stated: Mapping[Key, list[Row]]) -> Iterator[Row]:
    """Prices that stay, since the announced ones rest on others that this file took back without naming them."""
    if not any(off.fetch_id == item.fetch_id for off in historian.called_off):
        return
    for key, belief in historian.beliefs.items():
        kept = [row for row in belief.future if not _is_called_off(historian, belief, row)]
        if len(kept) == len(belief.future) or key in stated:
            continue
        gone = next(row for row in belief.future if row not in kept)
        historian.cancelled[key] += [_begin(row) for row in belief.future if row not in kept]
        belief.future = kept
        usd, context_to, unit = belief.facts
        note = f"{usd.normalize():f} stays: the announced price on which {gone['printed']} rests will not come"
        facts = {"usd_per_unit": usd, "context_to": context_to, "unit": unit, "printed": note[:300]}
        yield gone | facts | {"effective_from": max(belief.since, item.seen_at)}
        yield from kept


def _is_called_off(historian: Historian, belief: Belief, row: Row) -> bool:
    """Whether an announced price moves as one did that it rests on, which a provider took back."""
    own = (belief.facts[0], row["usd_per_unit"])
    return any(
        off.row["effective_from"] == row["effective_from"]
        and rests_on(key_of(row), off.key)
        and is_same_move(own, (off.before, off.row["usd_per_unit"]))
        for off in historian.called_off
    )
