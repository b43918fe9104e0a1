"""Used ids x price lists -> which listed model each means, over time: candidates, and rows of core.model_alias.

Exact rules only, never a substring: resemblance is a hint for a person to map an id by hand; no price is ever taken by
it. A date suffix names a snapshot of a model. Where a price list has the snapshot itself, that price counts; where it
has only the model, the snapshot costs what the model costs. The variants of one id are in `id_variants`.
"""

import difflib
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import Any

import polars as pl

from pipelines.models.id_variants import (
    END,
    START,
    Name,
    Pointers,
    PriceLists,
    Target,
    inferred,
    meanings,
    outside,
    regions,
    variants,
)
from pipelines.models.provider_aliases import UNKNOWN

USED = ("provider", "channel", "region", "model")
LISTED = tuple(f"listed_{name}" for name in USED)
FEE = "fee"
ANY_MODEL = "*"
"""What a price list names as the model of a fee that holds for any."""
CANDIDATE_SCHEMA = {
    **dict.fromkeys((*USED, *LISTED, "rule"), pl.String()),
    "exactness": pl.Int64(),
    "valid_from": pl.Datetime("us"),
    "valid_to": pl.Datetime("us"),
}

_OWN_RULES = ("dated", "pointer", FEE)
_NOTHING_LISTED = pl.DataFrame(schema=dict.fromkeys(USED, pl.String()))
MAX_NEAREST = 3
_MAX_COMPARED = 20
_WORDS = re.compile(r"[a-z]+|\d+", re.ASCII)
_Offers = dict[tuple[Any, ...], list[dict[str, Any]]]
_CANONICAL = tuple(f"canonical_{name}" for name in USED)


def candidates(
    used: pl.DataFrame, pointers: pl.DataFrame, mapped: pl.DataFrame, listed: pl.DataFrame = _NOTHING_LISTED
) -> pl.DataFrame:
    """Names under which a price list may know the models in use, best first.

    `used`: columns provider, channel, region, model, as the log reports them; provider may be 'unknown'. `pointers`:
    rows of `model_map.known_pointers`. `mapped`: rows of `model_map.read_model_map`. `listed`: the same
    columns as `used`, what the price lists hold; only an id without a provider needs it. Returns CANDIDATE_SCHEMA:
    exactness (0 is best) is one number per used model and listed model, whatever the interval; intervals of one such
    pair do not overlap; NULL is unbounded. A listed_model of '*' (rule 'fee') is a fee that holds for any model.
    """
    moving, mapping, lists = pointer_index(pointers), _targets(mapped), PriceLists(listed)
    rows: list[tuple[object, ...]] = []
    for key in used.select(USED).unique(maintain_order=True).iter_rows():
        rows += [(*key, *row) for row in _ranked(_expanded(Name(*key), moving, mapping, lists))]
    return pl.DataFrame(rows, schema=CANDIDATE_SCHEMA, orient="row")


def pointer_index(pointers: pl.DataFrame) -> Pointers:
    """Pointers by provider, channel and moving name."""
    index: dict[tuple[str, str, str], list[Target]] = {}
    for row in pointers.iter_rows(named=True):
        target = Target(row["model"], valid_from=row["valid_from"] or START, valid_to=row["valid_to"] or END)
        index.setdefault((row["provider"], row["channel"], row["alias"]), []).append(target)
    return index


def _targets(mapped: pl.DataFrame) -> dict[str, list[Target]]:
    targets: dict[str, list[Target]] = {}
    for row in mapped.iter_rows(named=True):
        valid_from, valid_to = row["valid_from"] or START, row["valid_to"] or END
        target = Target(row["canonical_model"], row["provider"], row["channel"], row["region"], valid_from, valid_to)
        targets.setdefault(row["model"], []).append(target)
    return targets


def _expanded(used: Name, pointers: Pointers, mapping: dict[str, list[Target]], lists: PriceLists) -> Iterator[Name]:
    """The user's mapping replaces an id completely, as long as it holds."""
    targets = mapping.get(used.model, [])
    for target in targets:
        meant = Name(
            target.provider or used.provider,
            target.channel or used.channel,
            target.region or used.region,
            target.model,
        )
        for name in _names(meant, pointers, lists):
            rule = name.rule if name.rule in _OWN_RULES else "mapped"
            yield from _within(replace(name, rule=rule), target.valid_from, target.valid_to)
    gaps = outside([(target.valid_from, target.valid_to) for target in targets])
    for name in _names(used, pointers, lists) if gaps else ():
        for start, end in gaps:
            yield from _within(name, start, end)


def _names(used: Name, pointers: Pointers, lists: PriceLists) -> Iterator[Name]:
    known: list[Name] = []
    for meaning in meanings(used):
        name = inferred(meaning, lists, pointers) if meaning.provider == UNKNOWN else meaning
        if isinstance(name, Name):
            known.append(name)
    for name in known:
        for variant in variants(name, pointers):
            for region in regions(variant):
                yield replace(variant, region=region)
        snapshot = lists.snapshot(name)
        if snapshot is not None:
            for region in regions(name):
                yield replace(name, region=region, model=snapshot, rule="snapshot")
    for name in known:
        for region in regions(name):
            yield replace(name, region=region, model=ANY_MODEL, rule=FEE)


def _within(name: Name, start: datetime, end: datetime) -> Iterator[Name]:
    valid_from, valid_to = max(name.valid_from, start), min(name.valid_to, end)
    if valid_from < valid_to:
        yield replace(name, valid_from=valid_from, valid_to=valid_to)


def _ranked(names: Iterator[Name]) -> Iterator[tuple[object, ...]]:
    """Listed columns, rule, exactness and interval; the time that a better rule has taken is left out."""
    taken: dict[tuple[str, str, str, str], list[tuple[datetime, datetime]]] = {}
    order: dict[tuple[str, str, str, str], int] = {}
    for name in names:
        listed = (name.provider, name.channel, name.region, name.model)
        exactness = order.setdefault(listed, len(order))
        spans = taken.setdefault(listed, [])
        for start, end in outside(spans):
            for part in _within(name, start, end):
                valid_from = None if part.valid_from == START else part.valid_from
                valid_to = None if part.valid_to == END else part.valid_to
                yield (*listed, name.rule, exactness, valid_from, valid_to)
        spans.append((name.valid_from, name.valid_to))


def resolved_aliases(used: pl.DataFrame, listed: pl.DataFrame, candidates: pl.DataFrame) -> pl.DataFrame:
    """Rows of core.model_alias: for each used id, over time, the best candidate that a price list holds.

    `used`, `listed`: columns provider, channel, region, model. `candidates`: from `candidates`,
    with the same `listed`. An id of which no candidate is listed has NULL canonical columns, a reason and `nearest`.
    """
    # Candidates alone are what a quote needs, and without declarations of tables it answers sooner.
    from pipelines.schema.columns import polars_schema  # noqa: PLC0415
    from pipelines.schema.model_aliases import ModelAlias  # noqa: PLC0415

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
        for start, end, offer in _intervals(found.get(key, [])):
            row: dict[str, Any] = dict(zip(USED, key, strict=True)) | {"valid_from": start, "valid_to": end}
            if offer:
                row |= {canonical: offer[name] for canonical, name in zip(_CANONICAL, LISTED, strict=True)}
                rows.append(row | {"rule": offer["rule"]})
            else:
                name, regions = Name(*key), {other["listed_region"] for other in elsewhere.get(key, [])}
                rows.append(row | {"reason": _reason(name, lists, regions), "nearest": hints.nearest(name)})
    return pl.DataFrame(rows, schema=polars_schema(ModelAlias))


def _intervals(
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
