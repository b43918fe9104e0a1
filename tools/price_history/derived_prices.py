"""Prices that rest on another one: what holds of them where nobody has printed them themselves.

The price of a region is that of all regions with an uplift, the price of a tier the standard one with a discount or a
surcharge: where such a price is not proven itself it moves and ends with the one that it rests on, and is no older.
Prices of long prompts and of other meters move with the plain one if their ratio to it is the same before and after.
An announced price is called off with the one that it rests on. Who printed what is in `sightings.py`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from itertools import groupby, pairwise

import polars as pl

from pipelines.schema.time_windows import ALWAYS
from pipelines.snapshots.book import TOKEN_PRICES
from pipelines.snapshots.segments import Key
from tools.price_history.evidence_rules import ROUNDING
from tools.price_history.sightings import END, Row, Sighting, key_of, renamed

PLAIN = {
    "channel": "api", "region": "global", "meter": "input_uncached", "service_tier": "standard", "context_from": 0,
    "time_window": ALWAYS,
}  # fmt: skip
"""What a price is of that rests on no other one."""
FOLLOWS = ("region", "service_tier")
"""A price of a region follows the same one of all regions, that of a tier the standard one."""
MOVES_WITH = (*FOLLOWS, "context_from", "meter")
"""Prices that differ in one of these move together if they have one ratio before and after."""
DATED_BACK = ("assumed", "corrected")
SAME_RATIO = Fraction(1, 100)
"""Feeds round: two ratios that differ by less are one."""
_PLACE = {name: place for place, name in enumerate(TOKEN_PRICES.key)}
_CENT = Decimal("0.000001")
Proof = tuple[datetime, Decimal]


def rests_on(key: Key, base: Key) -> bool:
    """Whether a price is that of a region, a tier, a channel, a meter or a prompt size beside a plainer one."""
    pairs = zip(TOKEN_PRICES.key, key, base, strict=True)
    return key != base and all(own == other or PLAIN.get(name) == other for name, own, other in pairs)


def is_same_move(own: tuple[Decimal, Decimal], other: tuple[Decimal, Decimal]) -> bool:
    """Whether two prices, each before and after, move by one factor."""
    return own[1] * other[0] == own[0] * other[1]


@dataclass(frozen=True)
class _Base:
    """The price that another one rests on: its versions in time, and all that was printed of it."""

    rows: list[Row]
    said: Sequence[Sighting] = ()
    is_followed: bool = False
    """Whether the other one moves with it even if nobody prints the other one any more, or did not yet."""

    def at(self, moment: datetime) -> Row | None:
        return next((r for r in self.rows if r["valid_from"] <= moment < (r["valid_to"] or END)), None)

    def start(self) -> datetime:
        """Since when it is sold, if a provider dates that; else the beginning of time."""
        return _dated_start(self.rows, self.said) if self.is_followed else datetime.min


def following(versions: pl.DataFrame, sightings: Mapping[Key, Sequence[Sighting]]) -> pl.DataFrame:
    """Versions in which every price that rests on another one keeps its ratio to it where it is not proven itself."""
    rows = versions.sort(*TOKEN_PRICES.key, "valid_from").to_dicts()
    found = [row for row in rows if row["known_to"] is not None]
    now = {key: list(group) for key, group in groupby((r for r in rows if r["known_to"] is None), key=key_of)}
    launches = _launches(now, sightings)
    for key in sorted(now, key=lambda key: sum(key[_PLACE[name]] != PLAIN[name] for name in MOVES_WITH)):
        now[key] = list(_since(now[key], launches.get(_model(key), datetime.min)))
        for name in MOVES_WITH:
            base = (*key[: _PLACE[name]], PLAIN[name], *key[_PLACE[name] + 1 :])
            if base != key and base in now:
                told = _Base(now[base], sightings[base], is_followed=name in FOLLOWS)
                closed, now[key] = _followed(now[key], told, _proofs(now[key], told, sightings[key]))
                found += closed
    kept = [row for timeline in now.values() for row in timeline]
    return pl.DataFrame([*found, *kept], schema=versions.schema)


def _model(key: Key) -> tuple[object, object]:
    return key[_PLACE["provider"]], key[_PLACE["model"]]


def _launches(
    now: Mapping[Key, list[Row]], sightings: Mapping[Key, Sequence[Sighting]]
) -> dict[tuple[object, object], datetime]:
    """Since when its maker sells each model, where it says so."""
    plain = {name: value for name, value in PLAIN.items() if name != "model"}
    return {
        _model(key): _dated_start(timeline, sightings[key])
        for key, timeline in now.items()
        if all(key[_PLACE[name]] == value for name, value in plain.items())
    }


def _dated_start(rows: list[Row], said: Sequence[Sighting]) -> datetime:
    first = rows[0]["valid_from"] if rows else datetime.min
    is_dated = any(s.is_dated and s.is_provider and s.at == first for s in said)
    return first if is_dated else datetime.min


def _since(rows: Iterable[Row], start: datetime) -> Iterator[Row]:
    """What is assumed of a price is not assumed of the time before its model, or its base, was sold."""
    for row in rows:
        if row["basis"] not in DATED_BACK or row["valid_from"] >= start:
            yield row
        elif (row["valid_to"] or END) > start:
            yield renamed(row | {"valid_from": start, "effective_from": start})


def _proofs(rows: list[Row], base: _Base, said: Iterable[Sighting]) -> list[Proof]:
    """When the price that is believed was printed. A file that was late about the base proves nothing."""
    own = _Base(rows)
    late = {
        s.at
        for s in base.said
        if not s.is_provider and (row := base.at(s.at)) and abs(s.usd - row["usd_per_unit"]) > ROUNDING * s.usd
    }
    return sorted(
        (s.at, s.usd)
        for s in said
        if (row := own.at(s.at)) and row["usd_per_unit"] == s.usd and (s.is_provider or s.at not in late)
    )


def _followed(rows: list[Row], base: _Base, proofs: list[Proof]) -> tuple[list[Row], list[Row]]:
    """Versions that are no longer believed, and those of the same time that are."""
    closed: list[Row] = []
    pieces: list[Row] = []
    for row in _since(rows, base.start()):
        end = row["valid_to"] or END
        edges = {moment for each in base.rows for moment in (each["valid_from"], each["valid_to"] or END)}
        cuts = sorted({row["valid_from"], end} | {edge for edge in edges if row["valid_from"] < edge < end})
        told = [_told(row, span, base, proofs, rows) for span in pairwise(cuts)]
        if all(each is row for each in told):
            pieces.append(row)
            continue
        known = max(each["known_from"] for each in told if each is not None) if any(told) else row["known_from"]
        if known > row["known_from"]:
            closed.append(row | {"known_to": known})
        pieces += [
            each | {"valid_from": start, "valid_to": None if until == END else until, "known_from": known}
            for each, (start, until) in zip(told, pairwise(cuts), strict=True)
            if each is not None
        ]
    return closed, [renamed(_proven_within(row)) for row in _joined(pieces)]


def _proven_within(row: Row) -> Row:
    """A version without the proofs of the time that was cut off; what is assumed is proven by what came later."""
    if row["basis"] == "assumed":
        return row
    start, end = row["valid_from"], row["valid_to"] or END
    proven_from = max(start, row["proven_from"]) if row["proven_from"] < end else start
    return row | {"proven_from": proven_from, "proven_until": max(proven_from, min(row["proven_until"], end))}


def _told(row: Row, span: tuple[datetime, datetime], base: _Base, proofs: list[Proof], rows: list[Row]) -> Row | None:
    """What is believed of one stretch of time in which the base does not change: the row, another one, or nothing."""
    start, end = span
    if any(start <= at < end for at, _ in proofs):
        return row
    before = next((proof for proof in reversed(proofs) if proof[0] < start), None)
    after = next((proof for proof in proofs if proof[0] >= end), None)
    now = base.at(start)
    if now is None:
        has_ended = (
            base.is_followed and before is not None and after is None and (base.rows[-1]["valid_to"] or END) <= start
        )
        return None if has_ended else row
    ratio = _kept_ratio(base, now, before, after)
    if ratio is None or not row["usd_per_unit"]:
        return row
    usd = _exact(Fraction(now["usd_per_unit"]) * ratio)
    if abs(usd - row["usd_per_unit"]) <= row["usd_per_unit"] * Decimal(SAME_RATIO.numerator) / SAME_RATIO.denominator:
        return row
    if after is None:
        return _derived(row, now, usd)
    origin = _Base(rows).at(after[0]) or row
    note = f"{origin['printed']} (printed since {after[0]:%Y-%m-%d}; assumed to have moved with the price it rests on)"
    evidence = {name: origin[name] for name in ("authority", "proven_from", "proven_until", "fetch_id")}
    changed = {"usd_per_unit": usd, "basis": "assumed", "printed": note[:300], "effective_from": start}
    return row | evidence | changed | {"known_from": max(row["known_from"], origin["known_from"])}


def _kept_ratio(base: _Base, now: Row, before: Proof | None, after: Proof | None) -> Fraction | None:
    """The ratio to the base that holds between two proofs, or beside one if a provider dates the base's move."""
    ratios = []
    for proof in (before, after):
        then = base.at(proof[0]) if proof is not None else None
        if proof is None or then is None or not then["usd_per_unit"]:
            continue
        ratios.append(Fraction(proof[1]) / Fraction(then["usd_per_unit"]))
        later = max(then, now, key=lambda row: row["valid_from"])
        is_told = later["authority"] == "provider"
    if before is not None and after is not None:
        has_moved = len(ratios) == 2 and before[1] != after[1]
        return ratios[1] if has_moved and abs(ratios[0] - ratios[1]) <= SAME_RATIO * ratios[1] else None
    return ratios[0] if ratios and is_told and base.is_followed else None


def _derived(row: Row, base: Row, usd: Decimal) -> Row:
    """A price that was last printed before the one that it rests on moved."""
    note = f"follows {base['printed']}; before: {row['printed']}"
    proof = {name: base[name] for name in ("authority", "proven_from", "proven_until", "fetch_id")}
    changed = {"usd_per_unit": usd, "basis": "derived", "printed": note[:300], "effective_from": base["valid_from"]}
    return row | proof | changed | {"known_from": max(row["known_from"], base["known_from"])}


def _exact(usd: Fraction) -> Decimal:
    return (Decimal(usd.numerator) / Decimal(usd.denominator)).quantize(_CENT)


def _joined(pieces: Iterable[Row]) -> Iterator[Row]:
    """Pieces of one price that follow each other, as one version."""
    last: Row | None = None
    same = ("usd_per_unit", "context_to", "unit", "basis", "known_from", "fetch_id")
    for piece in pieces:
        if last is not None and last["valid_to"] == piece["valid_from"] and all(last[n] == piece[n] for n in same):
            last = last | {"valid_to": piece["valid_to"]}
            continue
        if last is not None:
            yield last
        last = piece
    if last is not None:
        yield last
