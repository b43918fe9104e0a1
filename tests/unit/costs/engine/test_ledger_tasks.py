"""The days of the ledger in tasks: each in one, none too large, and priced as they are in this process."""

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from pipelines.costs.counted_rows import every_row
from pipelines.costs.engine.ledger_tasks import DayOfLedger, tasks_of
from pipelines.costs.engine.price_on_server import costs_of
from pipelines.costs.engine.price_tasks import NUMBER, PriceTasks, packed, result_schema
from pipelines.costs.plan_coverage import count_days
from pipelines.costs.pricing.price_sums import OWNERS
from pipelines.costs.pricing.price_usage import price_by_day
from pipelines.schema.price_segments import SEGMENT_SCHEMA
from pipelines.usage.contract import usage_frame
from pipelines.usage.dedup import largest_per_usage
from pipelines.usage.owner_map import OWNER_SCHEMA
from pipelines.usage.plan_file import PLAN_SCHEMA
from pipelines.warehouse import ledger
from pipelines.warehouse.ledger_catalog import FILE_SCHEMA
from tests.unit.costs.pricing.test_price_by_row import BUCKETS, REQUESTS, prices, usage_row

DAY = date(2026, 11, 20)


@given(st.lists(st.integers(0, 12), max_size=8), st.integers(1, 10))
def test_every_day_is_in_one_task(heights, rows):
    days = {DAY + timedelta(n): DayOfLedger(Path("x"), height, every_row) for n, height in enumerate(heights)}
    tasks = tasks_of(days, rows)
    assert [day for task in tasks for day in task] == [day for day, one in days.items() if one.rows]
    assert all(len(task) == 1 or sum(days[day].rows for day in task) <= rows for task in tasks)
    # Two neighbours that would fit into one are one.
    assert all(sum(days[day].rows for day in left) + days[right[0]].rows > rows for left, right in pairwise(tasks))


def priced_in_tasks(days, segments, rows):
    """What a server does, without one: each task in a batch of its own."""
    tasks = tasks_of(days, rows)
    pricing = PriceTasks(packed(segments), days, tasks, OWNERS)
    batches = [pa.RecordBatch.from_pydict({NUMBER: [number]}) for number in range(len(tasks))]
    schema = pl.Schema(result_schema(OWNERS))
    found = [pl.DataFrame(batch).cast(schema) for batch in pricing(batches)]
    return costs_of(pl.concat([pl.DataFrame(schema=schema), *found]), OWNERS)


@settings(max_examples=10)
@given(
    segments=prices(),
    requests=REQUESTS,
    buckets=BUCKETS,
    rows=st.integers(1, 9),
    reasons=st.lists(st.sampled_from([None, "unknown_count"]), min_size=50, max_size=50),
)
def test_days_in_tasks_cost_what_they_cost_here(segments, requests, buckets, rows, reasons):
    """Buckets and requests of a model compete, so which rows count is known of the whole day alone."""
    logged = [
        usage_row(f"r{n}", model, at, output, grain="request", input_uncached_tokens=prompt, project_id=project)
        for n, (model, at, prompt, output, project) in enumerate(requests)
    ] + [
        usage_row(f"b{n}", model, start, output, grain="bucket", usage_until=end, prompt_tokens_from=prompt, format="g")
        for n, (model, (start, end), prompt, output) in enumerate(buckets)
    ]
    usage = usage_frame([row | {"lower_bound_reason": reason} for row, reason in zip(logged, reasons, strict=False)])
    prices_in_force = pl.DataFrame(segments, schema=SEGMENT_SCHEMA)
    with TemporaryDirectory() as folder:
        files = ledger.write(Path(folder), pl.DataFrame(schema=FILE_SCHEMA), usage, largest_per_usage).files
        scans = {day: ledger.scan(Path(folder) / path) for day, path in files.select("usage_date", "path").iter_rows()}
        counted = count_days(scans, pl.DataFrame(schema=PLAN_SCHEMA), pl.DataFrame(schema=OWNER_SCHEMA))
        whole = price_by_day({day: one.usage for day, one in counted.items()}, prices_in_force, OWNERS)
        named = files.select("usage_date", "path", "row_count").iter_rows()
        days = {day: DayOfLedger(Path(folder) / path, count, counted[day].rule) for day, path, count in named}
        in_parts = priced_in_tasks(days, prices_in_force, rows)
    assert_frame_equal(whole, in_parts, check_row_order=False)
