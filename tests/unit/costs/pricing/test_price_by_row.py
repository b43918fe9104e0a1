"""Adding up before pricing costs what pricing each request by itself costs, looked up here the slow way."""

from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.costs.pricing.price_usage import price_usage
from pipelines.schema.price_segments import SEGMENT_SCHEMA
from pipelines.usage.contract import usage_frame

FRIDAY = datetime(2026, 11, 20)
HOURS = {"mon-fri 08:00-10:00": [(480, 600)], "mon-fri 00:00-08:30,22:00-24:00": [(0, 510), (1320, 1440)]}
TICK = timedelta(microseconds=1)
CHANGES = [
    FRIDAY, FRIDAY + timedelta(hours=6), FRIDAY + timedelta(hours=9, minutes=30), FRIDAY + timedelta(days=1),
    FRIDAY + timedelta(hours=33), FRIDAY + timedelta(hours=9, minutes=13, seconds=27, microseconds=500_000),
]  # fmt: skip
EDGES = [FRIDAY + timedelta(days=day, minutes=minute) for day in (0, 1) for minute in (0, 480, 510, 600, 1320)]
MOMENTS = sorted({at for edge in (*CHANGES, *EDGES) for at in (edge - TICK, edge)})
SIZES = (1_000, 200_001)


@st.composite
def prices(draw):
    """Versions of up to three models: each with hours and sizes of its own, and a price of its own for each."""
    rows = []
    for model in ("m0", "m1", "m2")[: draw(st.integers(1, 3))]:
        windows = ["always", *draw(st.lists(st.sampled_from(sorted(HOURS)), max_size=1))]
        sizes = [0, *sorted(draw(st.sets(st.sampled_from(SIZES)))), None]
        changes = sorted(draw(st.sets(st.sampled_from(CHANGES), max_size=3)))
        for start, end in pairwise([datetime(2020, 1, 1), *changes, None]):
            segment_id = len(rows)
            for window in windows:
                for least, most in pairwise(sizes):
                    number = len(rows)
                    rows.append(
                        {"provider": "p", "channel": "api", "region": "global", "model": model}
                        | {"service_tier": "standard", "meter": "output", "segment_id": segment_id}
                        | {"valid_from": start, "valid_to": end, "context_from": least, "context_to": most}
                        | {"time_window": window, "unit": "mtok", "usd_per_unit": Decimal(number + 1)}
                        | {"price_id": f"{number}", "source": "s"}
                    )
    return rows


REQUESTS = st.lists(
    st.tuples(
        st.sampled_from(["m0", "m1", "m2"]),
        st.sampled_from(MOMENTS),
        st.sampled_from([0, 999, 1_000, 200_000, 200_001]),
        st.integers(1, 10**9),
        st.sampled_from([None, "a", "b"]),
    ),
    max_size=30,
)


def price_of(row, at, prompt):
    """Whether a price is the one of a moment and prompt, but for hours of its own that override it."""
    is_in_force = row["valid_from"] <= at and (row["valid_to"] is None or at < row["valid_to"])
    is_in_range = row["context_from"] <= prompt and (row["context_to"] is None or prompt < row["context_to"])
    minute = at.hour * 60 + at.minute
    intervals = HOURS.get(row["time_window"], [(0, 1440)])
    is_open = row["time_window"] == "always" or at.weekday() < 5
    return is_in_force and is_in_range and is_open and any(low <= minute < high for low, high in intervals)


def best_price(segments, model, at, prompt):
    """The price of a model at one moment: hours of its own come before any hour."""
    fitting = [row for row in segments if row["model"] == model and price_of(row, at, prompt)]
    return min(fitting, key=lambda row: row["time_window"] == "always", default=None)


def usage_row(number, model, at, output, **more):
    row = {
        "usage_id": str(number), "usage_at": at, "provider": "p", "channel": "api", "region": "global", "model": model,
        "service_tier": "standard", "format": "f", "import_id": "i", "source_line": 1, "output_tokens": output,
    }  # fmt: skip
    return row | more


@settings(max_examples=60, deadline=None)
@given(segments=prices(), requests=REQUESTS)
def test_sums_cost_what_their_requests_cost(segments, requests):
    expected = defaultdict(lambda: [0, 0, Decimal(0)])
    for model, at, prompt, output, project in requests:
        best = best_price(segments, model, at, prompt)
        found = expected[project, model, at.date(), best and best["price_id"]]
        found[0] += 1
        found[1] += output
        found[2] += output * best["usd_per_unit"] / 1_000_000 if best else 0
    rows = [
        usage_row(number, model, at, output, grain="request", input_uncached_tokens=prompt, project_id=project)
        for number, (model, at, prompt, output, project) in enumerate(requests)
    ]
    costs = price_usage(usage_frame(rows).lazy(), pl.DataFrame(segments, schema=SEGMENT_SCHEMA))
    costs = costs.filter(meter="output").select(
        "project_id", "model", "usage_date", "price_id", "usage_rows", "quantity", pl.col("cost_usd").fill_null(0)
    )
    assert {row[:4]: list(row[4:]) for row in costs.iter_rows()} == expected
    assert costs.height == len(expected), "one row per price and owner"


BUCKETS = st.lists(
    st.tuples(
        st.sampled_from(["m0", "m1", "m2"]),
        st.tuples(st.sampled_from(MOMENTS), st.sampled_from(MOMENTS)).filter(lambda span: span[0] < span[1]),
        st.sampled_from([None, 0, 1_000, 200_001]),
        st.integers(1, 10**9),
    ),
    max_size=20,
)


@settings(max_examples=60, deadline=None)
@given(segments=prices(), buckets=BUCKETS)
def test_a_bucket_costs_the_least_of_all_moments_that_it_spans(segments, buckets):
    expected = defaultdict(lambda: [0, 0, Decimal(0)])
    for model, (start, end), prompt, output in buckets:
        moments = [start, *(edge for edge in {*CHANGES, *EDGES} if start < edge < end)]
        possible = [best_price(segments, model, at, prompt or 0) for at in moments]
        best = min(filter(None, possible), key=lambda row: row["usd_per_unit"], default=None)
        is_unknown_size = prompt is None and any(row and row["context_to"] for row in possible)
        is_lower_bound = best is not None and (is_unknown_size or any(row != best for row in possible))
        found = expected[model, start.date(), best and best["price_id"], is_lower_bound]
        found[0] += 1
        found[1] += output
        found[2] += output * best["usd_per_unit"] / 1_000_000 if best else 0
    rows = [
        usage_row(number, model, start, output, grain="bucket", usage_until=end, prompt_tokens_from=prompt)
        for number, (model, (start, end), prompt, output) in enumerate(buckets)
    ]
    costs = price_usage(usage_frame(rows).lazy(), pl.DataFrame(segments, schema=SEGMENT_SCHEMA))
    grouped = ("model", "usage_date", "price_id", "is_lower_bound", "usage_rows", "quantity")
    found = costs.select(*grouped, pl.col("cost_usd").fill_null(0))
    assert {row[:4]: list(row[4:]) for row in found.iter_rows()} == expected
    assert found.height == len(expected), "one row per price"
