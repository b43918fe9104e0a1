"""What a server of Spark Connect runs: Arrow batches of numbers of tasks in, quantities with their prices out.

The pricing is `pricing.price_sums`'s, the same function as in this process. No session is known here.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import polars as pl

from pipelines.costs.engine.ledger_tasks import DayOfLedger, Task, read_task
from pipelines.costs.pricing.aggregate import IS_SHORT
from pipelines.costs.pricing.lookup import PRICED
from pipelines.costs.pricing.price_sums import price_quantities
from pipelines.costs.pricing.price_usage import FORMULA_VERSION
from pipelines.schema.columns import polars_schema
from pipelines.schema.costs import UsageCost
from pipelines.schema.offers import OFFER

if TYPE_CHECKING:
    import pyarrow as pa

NUMBER = "id"
"""The column of the batches: the number of a task."""
_COST = polars_schema(UsageCost)
SUMS = {IS_SHORT: pl.Boolean(), "usage_rows": pl.Int64(), "quantity": pl.Int64()}
"""What is counted; the first is whether any row of a sum may have cost more."""


@dataclass(frozen=True)
class PriceTasks:
    """A function for `mapInArrow`, with all that it needs; it is sent to the server as it is."""

    segments: bytes
    """Price segments, as `packed`."""
    days: Mapping[date, DayOfLedger]
    tasks: Sequence[Task]
    owners: Sequence[str]
    store: str | None = None
    """URL of the object store that has the ledger's files too, for workers that do not see the folder."""
    formula_version: str = FORMULA_VERSION
    """Of the program that asks."""

    def __call__(self, batches: "Iterable[pa.RecordBatch]") -> "Iterator[pa.RecordBatch]":
        """Batches with NUMBER -> batches of `result_schema`."""
        if self.formula_version != FORMULA_VERSION:
            raise RuntimeError(
                f"the server prices by {FORMULA_VERSION} and the program that asks by {self.formula_version}: "
                "install the same version of inference-cost-warehouse on both"
            )
        segments = pl.read_ipc(BytesIO(self.segments))
        for batch in batches:
            for number in batch.column(NUMBER).to_pylist():
                yield from self._price(self.tasks[number], segments)

    def _price(self, task: Task, segments: pl.DataFrame) -> "Iterator[pa.RecordBatch]":
        import pyarrow as pa  # noqa: PLC0415 - only servers need it

        with TemporaryDirectory(prefix="ledger-") as scratch:
            usage = read_task(task, self.days, self.store, Path(scratch))
            priced = price_quantities(usage, segments, self.owners)
        if priced is None:
            return
        flag = pl.col(IS_SHORT).fill_null(value=False) if IS_SHORT in priced.columns else pl.lit(value=False)
        rows = priced.with_columns(flag.alias(IS_SHORT)).select(result_schema(self.owners).keys())
        # Short texts, as Spark has them.
        table = rows.to_arrow(compat_level=pl.CompatLevel.oldest())
        fields = [
            pa.field(field.name, pa.string() if pa.types.is_large_string(field.type) else field.type)
            for field in table.schema
        ]
        yield from table.cast(pa.schema(fields)).to_batches()


def packed(segments: pl.DataFrame) -> bytes:
    """Price segments as few bytes: each task of the server is sent them."""
    buffer = BytesIO()
    segments.write_ipc(buffer, compression="zstd")
    return buffer.getvalue()


def result_schema(owners: Sequence[str]) -> dict[str, pl.DataType]:
    """Columns of what is priced: what it is, whose, at which price, then SUMS."""
    priced = ("usage_date", *OFFER, "meter", *PRICED)
    return {name: _COST[name] for name in priced} | {name: pl.String() for name in owners} | SUMS
