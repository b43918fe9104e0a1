"""Bounds on what is bad in one file: of each reason the first MAX_REJECTS are kept, and one reject counts the rest.

A file of a hundred kilobytes can hold ten million lines that are no JSON. Each would become a record of all fields of
its format before it is refused, so where most of a piece is bad, the lines beyond the first are counted here and go no
further. Which records are refused, and why, is `contract`'s; what may be stored of them is `rejects`'.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

import duckdb
import polars as pl
import pyarrow as pa

from pipelines.usage.rejects import MAX_REJECTS, MORE_SCHEMA, counted, rejects_of_more

SAMPLE_LINES = 1_000
"""Looked at in each piece, evenly spaced: where fewer than half are bad, the good ones set the cost."""
NO_MORE = pl.DataFrame(schema=MORE_SCHEMA)
_IS_OBJECT = "SELECT fault IS NULL AND starts_with(ltrim(text), '{') AND json_valid(text) AS is_object FROM lines"


@dataclass
class BadLines:
    """The lines of one file that are no JSON object: how many went on to be refused, and what was only counted."""

    kept: int = 0
    more: int = 0
    first: int | None = None
    last: int | None = None

    def thinned(self, connection: duckdb.DuckDBPyConnection, piece: pa.Table) -> pa.Table:
        """A piece (LINE_SCHEMA) without the bad lines that are beyond the first MAX_REJECTS of the file."""
        # Most files are shorter: then none can be beyond.
        if len(piece) <= MAX_REJECTS - self.kept:
            return piece
        step = max(1, len(piece) // SAMPLE_LINES)
        # Of polars: what pyarrow makes of a sequence takes an import of pandas, half a second.
        places = pl.int_range(0, len(piece), step, eager=True).to_arrow()
        sample = _is_object(connection, piece.take(places))
        if sample.sum() * 2 >= len(sample):
            return piece
        is_bad = ~_is_object(connection, piece)
        place = is_bad.cum_sum()
        is_kept = ~is_bad | (place <= MAX_REJECTS - self.kept)
        dropped = pl.Series(piece["source_line"].to_numpy()).filter(~is_kept)
        self.kept += int((is_bad & is_kept).sum())
        if dropped.len():
            self.more += dropped.len()
            self.first, self.last = self.first or int(dropped[0]), int(dropped[-1])
        return piece.filter(is_kept.to_arrow())

    def told(self, import_id: str, file_name: str) -> pl.DataFrame:
        """What was only counted of a file: MORE_SCHEMA."""
        if not self.more:
            return NO_MORE
        row = (import_id, file_name, "invalid_json", self.first, self.last, self.more)
        return pl.DataFrame([row], schema=MORE_SCHEMA, orient="row")


def _is_object(connection: duckdb.DuckDBPyConnection, piece: pa.Table) -> pl.Series:
    """Of each line whether it is a JSON object, in the order of the lines."""
    connection.register("lines", piece)
    try:
        return pl.Series(connection.sql(_IS_OBJECT).pl()["is_object"])
    finally:
        connection.unregister("lines")


@dataclass
class RejectBook:
    """The rejects of the files of one reader: which are kept, by file and reason, and how many are not."""

    kept: dict[tuple[str, str], int] = field(default_factory=dict)
    more: pl.DataFrame = field(default_factory=lambda: NO_MORE)

    def keep(self, rejects: pl.DataFrame, more: pl.DataFrame) -> pl.DataFrame:
        """Those of more rejects that are kept. `more`: MORE_SCHEMA, what was counted of the same pieces already."""
        key = ["import_id", "rule"]
        self.add(more)
        before = [self.kept.get(pair, 0) for pair in rejects.select(key).iter_rows()]
        place = (
            pl.Series("place", before, dtype=pl.Int64) + rejects.select(pl.int_range(pl.len()).over(key)).to_series()
        )
        is_kept = place < MAX_REJECTS
        kept = rejects.filter(is_kept)
        for *pair, count in kept.group_by(key).len().iter_rows():
            self.kept[pair[0], pair[1]] = self.kept.get((pair[0], pair[1]), 0) + count
        if not is_kept.all():
            self.add(counted(rejects.filter(~is_kept)))
        return kept

    def add(self, more: pl.DataFrame) -> None:
        """Count refused records that are no rejects: MORE_SCHEMA."""
        self.more = pl.concat([self.more, more]) if more.height else self.more

    def told(self, ended: Collection[str]) -> pl.DataFrame:
        """One reject for each reason and file that was read to its end, of which more were refused than are kept."""
        is_ended = pl.col("import_id").is_in(list(ended))
        rows, self.more = self.more.filter(is_ended), self.more.filter(~is_ended)
        self.kept = {key: count for key, count in self.kept.items() if key[0] not in ended}
        return rejects_of_more(rows)
