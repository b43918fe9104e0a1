"""New rows and those of the ledger that are related to them, merged by a rule: what each day's file is to hold then.

All other rows stay where they are, and are not in memory.
"""

from collections.abc import Sequence
from datetime import date
from functools import cached_property

import polars as pl

from pipelines.warehouse.day_file import ORDER, DayRows
from pipelines.warehouse.related_rows import Identities, Related, Rule
from pipelines.warehouse.stored_rows import USAGE_SCHEMA, StoredFile, joined, rows_at

# A query at import would start polars' threads, and a process that is forked afterwards waits for them for ever.
NOTHING_COMES = pl.DataFrame(schema={"position": pl.UInt32(), **{name: USAGE_SCHEMA[name] for name in ORDER}})


class Merge:
    """One merge. `usage`: the new rows, in the columns of Usage; `related`: of `related_rows`.

    `new_rows`: import_id, rows whose usage_id the ledger did not know.
    """

    def __init__(
        self, files: Sequence[StoredFile], usage: pl.DataFrame, related: Related, dedup: Rule, how: Identities
    ) -> None:
        self._files = {file.day: file for file in files}
        self._usage = usage
        self._before = rows_at(files, related.stored)
        self._everything = how.identified(pl.concat([self._before, usage[related.new]]))
        self._merged = dedup(self._everything)
        self._dropped = pl.concat([related.stored, related.superseded])
        self._superseded = related.superseded
        is_alone = ~pl.col("position").is_in(related.new.implode())
        alone = usage.select("usage_date", *ORDER).with_row_index("position").filter(is_alone)
        self._alone = set(alone["usage_date"].unique())
        merged = self._merged.select("usage_date", *ORDER).with_row_index("position", usage.height)
        coming = pl.concat([alone, merged.select(alone.columns)])
        self._coming = coming.partition_by("usage_date", as_dict=True, include_key=False)
        self.new_rows = self._new_rows(usage["import_id"].gather(alone["position"]))

    @cached_property
    def changed(self) -> list[date]:
        """Days of which rows came, went or became others."""
        before, after = _by_day(self._before), _by_day(self._merged)
        merged = {day for day in before | after if not is_same(before.get(day), after.get(day))}
        left = {file.day for file in self._files.values() if file.holds(self._superseded)}
        return sorted(merged | self._alone | left)

    def of_day(self, day: date) -> DayRows:
        """What the file of a day is to hold."""
        file = self._files.get(day)
        coming = self._coming.get((day,), NOTHING_COMES)
        return DayRows(day, list(file.chunks()) if file else [], self._dropped, coming, self._take)

    def _take(self, positions: pl.Series) -> pl.DataFrame:
        """Rows by position: of the new ones, and behind these of the merged ones."""
        count = self._usage.height
        is_merged = positions >= count
        return joined([self._usage[positions.filter(~is_merged)], self._merged[positions.filter(is_merged) - count]])

    def _new_rows(self, alone: pl.Series) -> pl.DataFrame:
        """`alone`: the import_ids of the rows that are."""
        ids = self._everything.select("usage_id", "import_id")
        kept = self._before.height
        stated = ids.slice(kept).unique("usage_id", keep="first", maintain_order=True)
        unknown = stated.join(ids.head(kept), on="usage_id", how="anti").join(self._merged, on="usage_id", how="semi")
        both = pl.concat([alone.to_frame(), unknown.select("import_id")])
        return both.group_by("import_id").agg(rows=pl.len().cast(pl.Int64))


def _by_day(usage: pl.DataFrame) -> dict[date, pl.DataFrame]:
    parts = usage.sort(ORDER).partition_by("usage_date", maintain_order=True)
    return {part["usage_date"][0]: part for part in parts}


def is_same(before: pl.DataFrame | None, after: pl.DataFrame | None) -> bool:
    """Whether the rows of a day are the same, and there are any."""
    return before is not None and after is not None and before.equals(after)
