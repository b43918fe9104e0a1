"""Who printed a price and when: what each version of the history is proven by, and what of it contradicts another.

Which figure is believed is decided in `fold_evidence.py`.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby, pairwise
from typing import Any, NamedTuple

import polars as pl

from pipelines.schema.columns import polars_schema
from pipelines.schema.token_prices import TokenPrice
from pipelines.snapshots.book import TOKEN_PRICES
from pipelines.snapshots.segments import Key
from pipelines.snapshots.versions import version_id_of_row

Row = dict[str, Any]
END = datetime(9999, 12, 31)
FOLLOWED_WITHIN = timedelta(days=90)
"""A file that follows a price shows its change within a quarter."""
WITHOUT_SIZE = tuple(name for name in TOKEN_PRICES.key if name != "context_from")


class Sighting(NamedTuple):
    """One statement about one key."""

    at: datetime
    usd: Decimal
    unit: str
    is_provider: bool
    is_dated: bool = False
    """Whether it names the day from which the price holds."""


Sightings = defaultdict[Key, list[Sighting]]


def sighting(row: Row, seen_at: datetime, *, is_provider: bool) -> Sighting:
    """A row that a file printed; one that names its start is a statement about no earlier day."""
    at = max(seen_at, row["effective_from"] or seen_at)
    return Sighting(at, row["usd_per_unit"], row["unit"], is_provider, row["effective_from"] is not None)


def with_sightings(versions: pl.DataFrame, sightings: Sightings, promises: Sightings) -> pl.DataFrame:
    """Adds by whom each version is proven, from when until when, and what was printed against it.

    `promises`: what was announced, by the day from which it was to hold.
    """
    rows = [row | _proof(row, sightings[key_of(row)], promises[key_of(row)]) for row in versions.iter_rows(named=True)]
    return pl.DataFrame(rows, schema=polars_schema(TokenPrice))


def _proof(row: Row, said: list[Sighting], promised: list[Sighting]) -> Row:
    """A price that is dated back is proven by who printed it first after its time."""
    start, end = row["valid_from"], row["valid_to"] or END
    same = [s for s in said if (s.usd, s.unit) == (row["usd_per_unit"], row["unit"])]
    inside = [s for s in same if start <= s.at < end]
    proof = inside or [s for s in same if s.at >= end][:1] or same[-1:]
    others = {s.usd for s in said if s.usd != row["usd_per_unit"] and s.at < end}
    is_promised = any(s.is_provider and (s.at, s.usd) == (start, row["usd_per_unit"]) for s in promised)
    if not proof or (is_promised and not inside):  # announced, or stated for a stretch of prompts or of time only
        authority = "provider" if is_promised else "aggregator"
        return {"authority": authority, "proven_from": start, "proven_until": start, "disputed_usd": None}
    return {
        "authority": "provider" if any(s.is_provider for s in proof) else "aggregator",
        "proven_from": max(start, proof[0].at),
        "proven_until": max(start, proof[-1].at),
        "disputed_usd": ";".join(f"{usd.normalize():f}" for usd in sorted(others)) or None,
    }


def ended(versions: pl.DataFrame, ends: Mapping[Key, datetime]) -> pl.DataFrame:
    """Ends what is in force of prices that a page has dropped while it went on printing their model."""
    rows = versions.to_dicts()
    for row in rows:
        end = ends.get(key_of(row))
        if end is not None and row["known_to"] is None and row["valid_from"] < end:
            row["valid_to"] = min(row["valid_to"] or END, end)
    kept = [row for row in rows if row["known_to"] is not None or row["valid_from"] < ends.get(key_of(row), END)]
    return pl.DataFrame(kept, schema=versions.schema)


def narrowed(versions: pl.DataFrame, sightings: Sightings) -> pl.DataFrame:
    """Ends an aggregator's figure where it was last printed, if a provider prints another one afterwards.

    Nobody dates such a change; the provider's figure is assumed for the time between. It is assumed for all of the
    time if the aggregator went on to print its own one: it did not look, so what it printed before proves nothing.
    """
    rows = versions.sort(*TOKEN_PRICES.key, "valid_from").to_dicts()
    found = [row for row in rows if row["known_to"] is not None]
    for _, group in groupby((row for row in rows if row["known_to"] is None), key=key_of):
        after: Row | None = None
        for row in reversed(list(group)):
            pieces = [row] if after is None else _handed_over(row, after, sightings[key_of(row)])
            found += pieces
            after = next(piece for piece in pieces if piece["known_to"] is None)
    return pl.DataFrame(found, schema=versions.schema)


def _handed_over(row: Row, after: Row, said: list[Sighting]) -> list[Row]:
    """A version, and from its last sighting on the assumed start of the next one; or that one in its place."""
    last = row["proven_until"] + timedelta(days=1)
    is_dated = any(s.is_dated and s.usd == after["usd_per_unit"] and s.at == after["valid_from"] for s in said)
    is_given_up = (
        not is_dated
        and (row["authority"], after["authority"]) == ("aggregator", "provider")
        and row["usd_per_unit"] != after["usd_per_unit"]
        and row["valid_to"] == after["valid_from"]
    )
    if is_given_up and _was_never_looked_up(row, after, said):
        closed = [row | {"known_to": after["known_from"]}] if after["known_from"] > row["known_from"] else []
        return [_assumed(after, row["valid_from"], f"when {row['usd_per_unit'].normalize():f} was listed"), *closed]
    if is_given_up and row["basis"] != "assumed" and last < after["valid_from"]:
        return [row | {"valid_to": last}, _assumed(after, last, "when another price was no longer printed")]
    return [row]


def _was_never_looked_up(row: Row, after: Row, said: list[Sighting]) -> bool:
    """Whether no provider ever printed a figure, and the file that has it kept it long after a provider's other one."""
    same = [s for s in said if s.usd == row["usd_per_unit"]]
    is_kept = any(s.at >= after["proven_from"] + FOLLOWED_WITHIN for s in same)
    return is_kept and not any(s.is_provider for s in same)


def _assumed(after: Row, start: datetime, why: str) -> Row:
    note = f"{after['printed']} (assumed since {start:%Y-%m-%d}, {why})"
    begun = {"valid_from": start, "valid_to": after["valid_from"], "effective_from": start}
    return renamed(after | begun | {"basis": "assumed", "printed": note[:300]})


def without_overlaps(versions: pl.DataFrame) -> pl.DataFrame:
    """One price per prompt size: where two ranges of one key overlap, the shorter one ends where the longer begins.

    A price of long prompts goes where a provider later stated that of short ones without a limit.
    """
    order = [*WITHOUT_SIZE, "valid_from"]
    rows = versions.sort(order).to_dicts()
    found: list[Row] = []
    for _, group in groupby(rows, key=lambda row: tuple(row[name] for name in WITHOUT_SIZE)):
        together = list(group)
        found += list(_apart(together)) if len({row["context_from"] for row in together}) > 1 else together
    return pl.DataFrame(found, schema=versions.schema)


def _apart(rows: list[Row]) -> Iterator[Row]:
    """The versions of one key of all prompt sizes: current ones are cut where a range of others begins or ends."""
    yield from (row for row in rows if row["known_to"] is not None)
    current = [row for row in rows if row["known_to"] is None]
    edges = sorted({row["valid_from"] for row in current} | {row["valid_to"] or END for row in current})
    last: dict[int, Row] = {}
    for start, end in pairwise(edges):
        alive = sorted(
            (row for row in current if row["valid_from"] <= start and (row["valid_to"] or END) >= end),
            key=lambda row: row["context_from"],
        )
        for row in _limited(alive, start):
            piece = row | {"valid_from": start, "valid_to": None if end == END else end}
            before = last.get(row["context_from"])
            if before is not None and _is_continued(before, piece):
                before["valid_to"] = piece["valid_to"]
                continue
            if before is not None:
                yield renamed(before)
            last[row["context_from"]] = piece
    yield from map(renamed, last.values())


def _limited(alive: list[Row], start: datetime) -> Iterator[Row]:
    """Ranges of one moment, in order, none reaching into the next."""
    kept: list[Row] = []
    for row in alive:
        flat = [base for base in kept if base["context_to"] is None or base["context_to"] > row["context_from"]]
        if any(_has_dropped(base, row, start) for base in flat):
            continue
        kept.append(row)
    for row, after in zip(kept, [*kept[1:], None], strict=True):
        reaches = after is not None and (row["context_to"] is None or row["context_to"] > after["context_from"])
        yield row | {"context_to": after["context_from"]} if reaches and after is not None else row


def _has_dropped(base: Row, longer: Row, start: datetime) -> bool:
    """Whether a provider stated a price without a limit after anybody last printed one for long prompts."""
    is_later = base["valid_from"] > longer["valid_from"] and longer["proven_until"] < base["proven_from"]
    return bool(base["authority"] == "provider" and is_later and base["valid_from"] <= start)


def _is_continued(before: Row, piece: Row) -> bool:
    same = ("usd_per_unit", "context_to", "unit", "basis", "proven_from", "price_id")
    return before["valid_to"] == piece["valid_from"] and all(before[name] == piece[name] for name in same)


def renamed(row: Row) -> Row:
    """A version whose facts or start were changed, with the id of what it now is."""
    return row | {"price_id": version_id_of_row(TOKEN_PRICES, row)}


def key_of(row: Row) -> Key:
    """The key of the book of prices that a row is of."""
    return tuple(row[name] for name in TOKEN_PRICES.key)
