"""Dated evidence from many sources -> one history of token prices: what to believe, since when, and what was an error.

Pages and announcements are believed as they stand. An aggregator is believed about a model that nobody has named
before, and about a move from a price that was believed; a standing disagreement with a better source is not news.
A move that only puts right what the aggregator had wrong restates the past, as a correction. Reading files is not
done here.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime

import polars as pl

from pipelines.models.model_ids import DATE_SUFFIX
from pipelines.schema.columns import polars_schema
from pipelines.schema.time_windows import ALWAYS
from pipelines.schema.token_prices import TokenPrice, TokenPriceObservation
from pipelines.snapshots.book import TOKEN_PRICES, Reading
from pipelines.snapshots.current import current
from pipelines.snapshots.segments import Key
from pipelines.snapshots.versions import after_change, fold
from pipelines.sources.source import PRICE_HISTORY
from tools.price_history.announced_prices import announced, called_off_with, roll_on
from tools.price_history.derived_prices import following
from tools.price_history.evidence_rules import Belief, Row, Statement, corrected_since, facts_of, is_move
from tools.price_history.historian import AGGREGATOR_RANK, BASE, Evidence, Historian
from tools.price_history.sightings import (
    ended,
    key_of,
    narrowed,
    sighting,
    with_sightings,
    without_overlaps,
)

PAIR = ("input_uncached", "output")
_UNDATED = re.compile(DATE_SUFFIX, re.ASCII)
_ID_DATE = re.compile(r".*[-@](20[2-3]\d)-?(0[1-9]|1[0-2])-?(0[1-9]|[12]\d|3[01])(?:-v\d.*)?", re.ASCII)


def price_history(evidence: Iterable[Evidence]) -> pl.DataFrame:
    """Versions of core.token_price, bitemporal, of source PRICE_HISTORY, from evidence in any order."""
    historian = Historian()
    versions = pl.DataFrame(schema=polars_schema(TokenPrice))
    for item in sorted(evidence, key=lambda item: (item.seen_at, item.rank, item.series)):
        rows = list(_news(historian, item))
        if rows:
            observed = pl.DataFrame(rows, schema=polars_schema(TokenPriceObservation))
            versions = _folded(versions, observed, item)
        if item.is_whole:
            historian.last_seen[item.series] = item.seen_at
            historian.last_list = item.seen_at if item.rank >= AGGREGATOR_RANK else historian.last_list
    proven = with_sightings(ended(versions, historian.ends), historian.sightings, historian.promises)
    told = {key: [*historian.sightings[key], *historian.promises[key]] for key in historian.beliefs}
    versions = without_overlaps(following(narrowed(proven, historian.sightings), told))
    return versions.sort(*TOKEN_PRICES.key, "known_from", "valid_from")


def _folded(versions: pl.DataFrame, observed: pl.DataFrame, item: Evidence) -> pl.DataFrame:
    """The versions after one more statement; those that it ends keep their row, with known_to."""
    reading = Reading(PRICE_HISTORY, item.fetch_id, item.seen_at)
    change = fold(TOKEN_PRICES, current(versions), observed, reading, is_whole=False)
    # Two files of one day: what the second one replaces was never believed for any time.
    return after_change(TOKEN_PRICES, versions, change).filter(
        pl.col("known_to").is_null() | (pl.col("known_to") > pl.col("known_from"))
    )


def _news(historian: Historian, item: Evidence) -> Iterator[Row]:
    """The rows of one file that change what is believed."""
    by_key: dict[Key, list[Row]] = defaultdict(list)
    for row in item.rows.sort("effective_from", nulls_last=True).iter_rows(named=True):
        by_key[key_of(row)].append(row)
    present = {key: found for key, rows in by_key.items() if (found := _present(rows, item.seen_at))}
    for key, row in present.items():
        historian.sightings[key].append(sighting(row, item.seen_at, is_provider=item.rank < AGGREGATOR_RANK))
    for key, rows in by_key.items():
        later = [row for row in rows if row["effective_from"] and row["effective_from"] > item.seen_at]
        historian.promises[key] += [
            sighting(row, item.seen_at, is_provider=item.rank < AGGREGATOR_RANK) for row in later
        ]
    if item.is_whole:
        _note_ends(historian, item, present)
        historian.printed[item.series] |= present
    paired = _moved_together(historian, item, present)
    # Input prices first: what else is new about a model is dated by them.
    for key, stated in sorted(by_key.items(), key=lambda entry: not entry[1][0].items() >= BASE.items()):
        belief, current = historian.beliefs.get(key), present.get(key)
        roll_on(belief, item)
        if current is not None and belief is not None and not item.is_whole and item.rank >= AGGREGATOR_RANK:
            current = current | {"context_to": belief.facts[1]}
        before = historian.said[item.series].get(key)
        is_known = belief is not None or _is_credible(historian, item, current, present) if current else False
        if current is not None and is_known and not _is_told_by_its_name(historian, item, key, present):
            yield from _stated(historian, item, key, current, before, is_paired=key in paired)
        if current is not None:
            historian.said[item.series][key] = (facts_of(current), item.seen_at)
        yield from announced(historian, item, key, current, stated)
    yield from called_off_with(historian, item, by_key)


def _present(rows: list[Row], at: datetime) -> Row | None:
    """The row of one key that is in force: the last one that has begun, else the one without a start."""
    begun = [row for row in rows if row["effective_from"] and row["effective_from"] <= at]
    return begun[-1] if begun else next((row for row in rows if not row["effective_from"]), None)


def _is_credible(historian: Historian, item: Evidence, row: Row, present: dict[Key, Row]) -> bool:
    """Whether to believe an aggregator about a key of a known model that nobody else has named.

    Only where it agrees on the prices that the new one goes with: the same meter's price of short prompts at any hour,
    and the input price. A file that is wrong or late about those says nothing about the rest. Other hours than those
    that are known of a price are the file's reading of them.
    """
    if item.rank < AGGREGATOR_RANK:
        return True
    if row["time_window"] != ALWAYS and historian.windows[key_of(row | {"time_window": ALWAYS})] - {row["time_window"]}:
        return False
    for anchor in (row | {"context_from": 0, "time_window": ALWAYS}, row | BASE):
        belief, own = historian.beliefs.get(key_of(anchor)), present.get(key_of(anchor))
        if belief is not None and own is not None and belief.facts[0] != own["usd_per_unit"]:
            return False
    return True


def _note_ends(historian: Historian, item: Evidence, present: dict[Key, Row]) -> None:
    """Prices that a page printed before and now lacks have ended, if it still prints their model; others have not."""
    for key in present:
        historian.ends.pop(key, None)
    if not item.tells_ends:
        return
    models = {key_of(row | BASE) for row in present.values()} & present.keys()
    for key, row in historian.printed[item.series].items():
        is_told = any(said.is_provider and said.at >= item.seen_at for said in historian.sightings[key])
        if key not in present and not is_told and key_of(row | BASE) in models:
            historian.ends.setdefault(key, item.seen_at)


def _is_told_by_its_name(historian: Historian, item: Evidence, key: Key, present: dict[Key, Row]) -> bool:
    """Whether an aggregator's figure for a snapshot only repeats the one of its model, under whose name it is priced.

    A page prints the model; what it says of it would else be contradicted by the repeated figure under the other id.
    """
    model = present[key]["model"]
    plain = _UNDATED.sub("", model)
    if item.rank < AGGREGATOR_RANK or plain == model or key in historian.beliefs:
        return False
    twin = key_of(present[key] | {"model": plain})
    return twin in historian.beliefs and twin in present and facts_of(present[twin]) == facts_of(present[key])


def _moved_together(historian: Historian, item: Evidence, present: dict[Key, Row]) -> set[Key]:
    """Input and output prices that an aggregator moved in one file, one of which is believed: then both are.

    A model's two prices come from one card; of two cards half each is a price that nobody ever asked.
    """
    moved: dict[Key, dict[Key, bool]] = defaultdict(dict)
    for key, row in present.items():
        belief, before = historian.beliefs.get(key), historian.said[item.series].get(key)
        is_news = belief is not None and before is not None and before[0] != facts_of(row)
        if item.rank >= AGGREGATOR_RANK and is_news and row["meter"] in PAIR and belief is not None:
            offer = key_of(row | {"meter": ""})
            moved[offer][key] = is_move(belief, before, facts_of(row), is_own=belief.series == item.series)
    return {key for pair in moved.values() if any(pair.values()) for key in pair}


def _stated(
    historian: Historian, item: Evidence, key: Key, current: Row, before: Statement | None, *, is_paired: bool = False
) -> Iterator[Row]:
    """The present price of one key, if it is news, from when it holds. `is_paired`: it moves with another one."""
    facts = facts_of(current)
    belief = historian.beliefs.get(key)
    if belief is None:
        yield from _first(historian, item, key, current)
        return
    is_aggregator = item.rank >= AGGREGATOR_RANK
    is_own = is_aggregator and belief.series == item.series
    if facts == belief.facts and not is_aggregator:
        belief.series, belief.stated_at = item.series, item.seen_at
    is_news = not is_aggregator or is_paired or is_move(belief, before, facts, is_own=is_own)
    if facts == belief.facts or not is_news:
        return
    since = corrected_since(belief, facts, is_own=is_own)
    if since is not None:
        historian.beliefs[key] = Belief(facts, since, item.series, item.seen_at, belief.earlier, belief.future)
        yield current | {"effective_from": since, "basis": "corrected"}
        yield from belief.future
        return
    start = current["effective_from"] or item.seen_at
    historian.beliefs[key] = Belief(
        facts, start, item.series, item.seen_at, [*belief.earlier, (belief.facts, belief.since)]
    )
    yield current | {"effective_from": start}


def _first(historian: Historian, item: Evidence, key: Key, current: Row) -> Iterator[Row]:
    """A key that nobody has named before: priced from its first sight, and before that by assumption."""
    seen = current["effective_from"] or item.seen_at
    is_dated = current["effective_from"] or key in historian.said[item.series]
    start = seen if is_dated else min(seen, _assumed_start(historian, item, current))
    historian.beliefs[key] = Belief(facts_of(current), start, item.series, item.seen_at)
    if current["time_window"] != ALWAYS:
        historian.windows[key_of(current | {"time_window": ALWAYS})].add(current["time_window"])
    if start < seen:
        note = f"{current['printed']} (first listed {seen:%Y-%m-%d}, assumed since {start:%Y-%m-%d})"
        yield current | {"effective_from": start, "basis": "assumed", "printed": note[:300]}
    yield current | {"effective_from": seen}


def _assumed_start(historian: Historian, item: Evidence, row: Row) -> datetime:
    """Since when a price is assumed that a file is the first to list.

    As long as the model's input price, of which it is a part; else since the day that the snapshot's id names; else
    since the file before, in which the model was missing: of the same series, or of an aggregator that lists all.
    """
    base = historian.beliefs.get(key_of(row | BASE))
    if base is not None:
        return base.since
    return _named_day(row["model"]) or historian.last_seen.get(item.series, historian.last_list or item.seen_at)


def _named_day(model: str) -> datetime | None:
    """The day in the id of a dated snapshot: 2025-09-29 of claude-sonnet-4-5-20250929."""
    named = _ID_DATE.fullmatch(model)
    try:
        return datetime.fromisoformat("".join(named.groups())) if named else None
    except ValueError:
        return None
