"""Candidate names x price lists -> rows of core.model_alias: what every used id means, and what looks alike if nothing.

Resemblance is a hint for a person to map an id by hand; no price is ever taken by it.
"""

import difflib
import re
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any

import polars as pl

from pipelines.models.candidate_names import ANY_MODEL, FEE, LISTED, USED, candidates
from pipelines.models.id_variants import END, START, Name, meanings
from pipelines.models.model_map import MAP_SCHEMA, known_pointers
from pipelines.models.provider_names import UNKNOWN
from pipelines.models.sellers import PriceLists, inferred
from pipelines.schema.columns import polars_schema
from pipelines.schema.model_aliases import ModelAlias

MAX_NEAREST = 3
_MAX_COMPARED = 20
_WORDS = re.compile(r"[a-z]+|\d+", re.ASCII)
_Offers = dict[tuple[Any, ...], list[dict[str, Any]]]
_CANONICAL = tuple(f"canonical_{name}" for name in USED)
_NO_MAP = pl.DataFrame(schema=MAP_SCHEMA)


def resolved_aliases(used: pl.DataFrame, listed: pl.DataFrame, candidates: pl.DataFrame) -> pl.DataFrame:
    """Rows of core.model_alias: for each used id, over time, the best candidate that a price list holds.

    `used`, `listed`: columns provider, channel, region, model. `candidates`: from `books.model_names.candidates`,
    with the same `listed`. An id of which no candidate is listed has NULL canonical columns, a reason and `nearest`.
    """
    listed = listed.filter(pl.col("model") != ANY_MODEL)
    names = listed.select(USED).unique().rename(dict(zip(USED, LISTED, strict=True)))
    named = candidates.filter(pl.col("rule") != FEE)
    found_rows = named.join(names, on=LISTED, how="semi")
    found: _Offers = found_rows.rows_by_key(USED, named=True, include_key=True)
    where = [name for name in LISTED if name != "listed_region"]
    elsewhere: _Offers = (
        named.join(found_rows, on=USED, how="anti")
        .drop("listed_region")
        .join(names, on=where)
        .rows_by_key(USED, named=True, include_key=True)
    )
    lists, hints = PriceLists(listed), _Hints(listed)
    rows: list[dict[str, Any]] = []
    for key in used.select(USED).unique().sort(USED).iter_rows():
        for start, end, offer in _stretches(found.get(key, [])):
            row: dict[str, Any] = dict(zip(USED, key, strict=True)) | {"valid_from": start, "valid_to": end}
            if offer:
                row |= {canonical: offer[name] for canonical, name in zip(_CANONICAL, LISTED, strict=True)}
                rows.append(row | {"rule": offer["rule"]})
            else:
                name, regions = Name(*key), {other["listed_region"] for other in elsewhere.get(key, [])}
                rows.append(row | {"reason": _reason(name, lists, regions), "nearest": hints.nearest(name)})
    return pl.DataFrame(rows, schema=polars_schema(ModelAlias))


def infer_provider(model: str, listed: pl.DataFrame) -> tuple[str, str, str] | str:
    """Provider, channel and region of an id that a person typed, as the price list has it, or why it is not clear."""
    used = pl.DataFrame([(UNKNOWN, "api", "global", model)], schema=list(USED), orient="row")
    aliases = resolved_aliases(used, listed, candidates(used, known_pointers(), _NO_MAP, listed))
    known = aliases.drop_nulls("canonical_model")
    if known.is_empty():
        return str(aliases["reason"][0])
    provider, channel, region = known.select(_CANONICAL[:3]).row(-1)
    return str(provider), str(channel), str(region)


def nearest_names(used: pl.DataFrame, listed: pl.DataFrame, mapped: pl.DataFrame) -> str | None:
    """What to tell a person about models that no list has: why, and what looks alike; None where all are known."""
    aliases = resolved_aliases(used, listed, candidates(used, known_pointers(), mapped, listed))
    unknown = aliases.filter(pl.col("canonical_model").is_null()).unique(USED, keep="last", maintain_order=True)
    hints = [
        f"{reason}; nearest: {nearest or 'none'}" for reason, nearest in unknown.select("reason", "nearest").rows()
    ]
    return " | ".join(hints) or None


def _stretches(
    offers: list[dict[str, Any]],
) -> Iterator[tuple[datetime | None, datetime | None, dict[str, Any] | None]]:
    """All of time, cut where the best offer changes; None where there is no offer."""
    starts = {offer["valid_from"] or START for offer in offers}
    ends = {offer["valid_to"] or END for offer in offers}
    start, pending = START, None
    edges = sorted({START, END} | starts | ends)
    for index, (edge, following) in enumerate(pairwise(edges)):
        alive = [o for o in offers if (o["valid_from"] or START) <= edge and (o["valid_to"] or END) >= following]
        best = min(alive, key=lambda offer: offer["exactness"], default=None)
        if index and not _is_same(best, pending):
            yield _bound(start), edge, pending
            start = edge
        pending = best
    yield _bound(start), None, pending


def _is_same(one: dict[str, Any] | None, other: dict[str, Any] | None) -> bool:
    if one is None or other is None:
        return one is other
    return all(one[name] == other[name] for name in (*LISTED, "rule"))


def _bound(moment: datetime) -> datetime | None:
    return None if moment == START else moment


def _reason(used: Name, lists: PriceLists, regions: set[str]) -> str:
    """What to tell about an id that leads nowhere; `regions`: those for which the model is listed."""
    for name in meanings(used):
        seller = inferred(name, lists, {}) if name.provider == UNKNOWN else None
        if isinstance(seller, str):
            return seller
    return f"unmapped: listed for other regions only: {', '.join(sorted(regions))}" if regions else "unmapped"


class _Hints:
    """Listed ids that look like one that is not listed."""

    def __init__(self, listed: pl.DataFrame) -> None:
        self._words: dict[tuple[str, str], dict[str, frozenset[str]]] = {}
        for provider, channel, model in listed.select("provider", "channel", "model").unique().iter_rows():
            self._words.setdefault((provider, channel), {})[model] = frozenset(_WORDS.findall(model.lower()))

    def nearest(self, used: Name) -> str | None:
        """Up to MAX_NEAREST ids of the same provider and channel that share a word with the used id."""
        sellers = {(name.provider, name.channel) for name in meanings(used) if name.provider != UNKNOWN}
        channels = {name.channel for name in meanings(used)}
        words = set(_WORDS.findall(used.model.lower()))
        shared = {
            model: len(words & known)
            for seller, models in self._words.items()
            if (seller in sellers if sellers else seller[1] in channels)
            for model, known in models.items()
            if words & known
        }
        # Comparing letter by letter is slow, so that only the likeliest are compared.
        likely = sorted(shared, key=lambda model: (-shared[model], model))[:_MAX_COMPARED]
        alike = difflib.get_close_matches(used.model, likely, n=MAX_NEAREST, cutoff=0.0)
        return ", ".join(alike) or None
