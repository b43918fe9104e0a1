"""What the contract's bands of volume count, read from the warehouse: the quantities of whole periods, day by day.

A day's cost depends on other days of its period. Those whose cost is stored and up to date say what they counted; those
that are not are counted anew, so that a day costs the same whichever days are priced with it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb
import polars as pl

from pipelines.costs.contract_prices import with_terms
from pipelines.costs.day_batches import batches_of
from pipelines.costs.stale_days import changed_fingerprints, other_days, volume_spans
from pipelines.costs.volume_bands import QUANTITY_SCHEMA, Volume, pools_of, quantities_of, scales_of, shares_of
from pipelines.warehouse.ledger_catalog import damaged_files
from pipelines.warehouse.rows import read_table

_STORED = """
SELECT usage_date, term_id, sum(quantity)::BIGINT AS quantity, sum(cost_usd)::DECIMAL(38, 12) AS cost_usd
FROM core.usage_cost
WHERE plan_id IS NULL AND term_id IN (SELECT unnest($bands)) AND usage_date IN (SELECT unnest($days))
GROUP BY ALL
"""
_ROWS = 2_000_000
"""Of usage that is counted anew at once."""


@dataclass
class PeriodVolume:
    """One run of pricing. `terms` and `listed`: as `at_contract` takes them; `at_list`: costs at list of other days.

    Days that were counted anew, or priced, in this run are not looked at again: what is stored may be of before.
    """

    connection: duckdb.DuckDBPyConnection
    folder: Path
    terms: pl.DataFrame
    listed: pl.DataFrame
    at_list: Callable[[Sequence[date]], pl.DataFrame]
    counted: dict[date, pl.DataFrame] = field(default_factory=dict)

    def of(self, costs: pl.DataFrame, days: Sequence[date]) -> Volume | None:
        """The volume of some days whose `costs` at list are known; None where no band is about them."""
        spans = volume_spans(self.connection)
        if not any(span.period(day) for span in spans for day in days):
            return None
        scales = scales_of(self.terms)
        rows = with_terms(costs, self.terms, self.listed)
        self._note(days, rows, scales)
        others = [day for day in other_days(self.connection, spans, days) if day not in self.counted]
        self._count_anew(others, scales)
        stored = {"days": [day for day in others if day not in self.counted], "bands": scales["band_id"].to_list()}
        known = quantities_of(self.connection.sql(_STORED, params=stored).pl(), scales)
        quantities = pl.concat([pl.DataFrame(schema=QUANTITY_SCHEMA), known, *self.counted.values()])
        shares = shares_of(quantities, scales).filter(pl.col("usage_date").is_in(list(days)))
        return Volume(shares, pools_of(rows, scales))

    def _count_anew(self, days: Sequence[date], scales: pl.DataFrame) -> None:
        changed = sorted(changed_fingerprints(self.connection, self.folder, days)) if days else []
        files = read_table(self.connection, "core.ledger_file", "usage_date IN (SELECT unnest($days))", days=changed)
        damaged = damaged_files(self.folder, files)
        sizes = dict(files.select("usage_date", "row_count").iter_rows())
        for batch in batches_of((day for day in changed if day not in damaged), sizes, _ROWS):
            self._note(batch, with_terms(self.at_list(batch), self.terms, self.listed), scales)

    def _note(self, days: Sequence[date], rows: pl.DataFrame, scales: pl.DataFrame) -> None:
        of_day = quantities_of(rows, scales).partition_by("usage_date", as_dict=True)
        self.counted |= {day: of_day.get((day,), pl.DataFrame(schema=QUANTITY_SCHEMA)) for day in days}
