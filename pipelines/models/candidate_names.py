"""Which model an id means: exact rules only, never a substring.

A date suffix names a snapshot of a model. Where a price list has the snapshot itself, that price counts; where it has
only the model, the snapshot costs what the model costs. A lifecycle is about what is listed: the end of one snapshot
says nothing about the model's own name, unless every request to that name goes to it.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import polars as pl

from pipelines.models.id_variants import END, START, Name, Pointers, Target, forms, meanings, outside, regions
from pipelines.models.model_ids import undated
from pipelines.models.provider_names import SINGLE_SNAPSHOT_PROVIDERS, UNKNOWN
from pipelines.models.sellers import PriceLists, inferred

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


def candidates(
    used: pl.DataFrame, pointers: pl.DataFrame, mapped: pl.DataFrame, listed: pl.DataFrame = _NOTHING_LISTED
) -> pl.DataFrame:
    """Names under which a price list may know the models in use, best first.

    `used`: columns provider, channel, region, model, as the log reports them; provider may be 'unknown'. `pointers`:
    rows of `books.model_map.known_pointers`. `mapped`: rows of `books.model_map.read_model_map`. `listed`: the same
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
        for form in forms(name, pointers):
            for region in regions(form):
                yield replace(form, region=region)
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


def lifecycle_ids(used: pl.DataFrame, listed: pl.DataFrame) -> pl.DataFrame:
    """Which listed model's end is the end of a used id.

    `used`, `listed`: columns provider, model. Returns provider, model_id (as used), canonical_model (as listed), rule
    (exact: the id is listed; dated: the id is a snapshot of a listed model; snapshot: the id's only snapshot is
    listed). Ids that match none are left out.
    """
    on = ["provider", "canonical_model"]
    names = listed.select("provider", canonical_model="model").unique()
    exact = used.with_columns(canonical_model="model", rule=pl.lit("exact")).join(names, on=on, how="semi")
    dated = used.with_columns(canonical_model=undated(pl.col("model")), rule=pl.lit("dated")).join(
        names, on=on, how="semi"
    )
    single = (
        names.filter(pl.col("provider").is_in(SINGLE_SNAPSHOT_PROVIDERS))
        .with_columns(model=undated(pl.col("canonical_model")))
        .filter(pl.len().over("provider", "model") == 1)
        .with_columns(rule=pl.lit("snapshot"))
    )
    snapshot = used.join(single, on=["provider", "model"], how="inner")
    columns = ["provider", "model", "canonical_model", "rule"]
    return (
        pl.concat([exact.select(columns), dated.select(columns), snapshot.select(columns)])
        .unique(["provider", "model"], keep="first", maintain_order=True)
        .rename({"model": "model_id"})
        .sort("provider", "model_id")
    )
