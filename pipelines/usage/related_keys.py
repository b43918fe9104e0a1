"""By what rows of usage may be statements of one call: the keys that `dedup` and `identity` compare, all in one list.

A rule that compares other columns of two rows needs its key here: rows without a key in common are never compared.
"""

import polars as pl

from pipelines.usage.identity import GIVEN, present_ids, whole_pseudonym, without_account
from pipelines.usage.response_ids import with_provider_ids

OF_CALL, OF_SPAN = 1, 2
"""Seeds: an id of a span that looks like one of a call is another key."""


def related_keys(rows: pl.DataFrame) -> pl.DataFrame:
    """`related_rows.ID_COLUMNS` -> KEY_SCHEMA: the ids of the call without its account, older pseudonyms, its span and
    those around it. `is_old`: the row is known by another id now.
    """
    present = rows.with_columns(usage_id=present_ids())
    for name in ("usage_id", "format_usage_id"):
        present = with_provider_ids(present, name)
    is_old = [present[name].ne_missing(rows[name]) for name in ("usage_id", "format_usage_id")]
    numbered = present.select(
        pl.exclude("import_id"), row=pl.int_range(pl.len(), dtype=pl.UInt32), is_old=is_old[0] | is_old[1]
    )
    ids = [pl.col(name) for name in ("usage_id", "format_usage_id") if not _is_empty(present, name)]
    keys = [(key, OF_CALL) for one in ids for key in (without_account(one), whole_pseudonym(one.meta.output_name()))]
    keys += [(pl.col("span_id"), OF_SPAN)] if not _is_empty(present, "span_id") else []
    frames = [_keys(numbered, key, seed) for key, seed in keys]
    if not _is_empty(present, "spans_above"):
        around = numbered.with_columns(pl.col("spans_above").str.split(" ")).explode("spans_above")
        frames.append(_keys(around, pl.col("spans_above"), OF_SPAN))
    return pl.concat(frames).unique(["row", "key"]) if len(frames) > 1 else frames[0]


def _is_empty(rows: pl.DataFrame, name: str) -> bool:
    return rows[name].null_count() == rows.height and name != "usage_id"


def _keys(numbered: pl.DataFrame, key: pl.Expr, seed: int) -> pl.DataFrame:
    found = numbered.select("row", key=key, is_old="is_old").drop_nulls("key")
    return found.with_columns(pl.col("key").hash(seed))


def read_twice(import_ids: pl.Series) -> pl.Series:
    """Of import_ids those of contents that were given for no account and for one: see `identity.restated_by`."""
    content = import_ids.str.extract(f"^(.*?){GIVEN}")
    is_both = import_ids.is_in(content.drop_nulls().implode()) | content.is_in(import_ids.implode()).fill_null(
        value=False
    )
    return import_ids.filter(is_both)
