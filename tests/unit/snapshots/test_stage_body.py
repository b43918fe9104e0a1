"""How the movement of a GPU rate is told: what warns, what is held, and what is an ordinary move."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import polars as pl
import pytest

from pipelines.schema.columns import polars_schema
from pipelines.schema.gpu_rates import GpuRate, GpuRateObservation
from pipelines.snapshots.quarantine import HOLD_SCHEMA
from pipelines.snapshots.stage_body import SourceState, blocking_reason, check_rows, stage_body
from pipelines.sources.catalog import SOURCES_BY_KEY
from pipelines.sources.parsed import REJECT_SCHEMA, Parsed, ParseError

RUNPOD = SOURCES_BY_KEY["runpod_rates"]
THEN, NOW = datetime(2026, 9, 29), datetime(2026, 10, 10)
RATE = {
    "provider": "runpod", "tier": "secure", "sku": "H100", "gpu": "H100", "variant": "SXM", "memory_gb": 80,
    "gpu_count": 1, "gpu_fraction": Decimal(1), "region": "global", "pricing": "on_demand", "price_kind": "quoted",
    "currency": "USD", "printed": "$",
}  # fmt: skip
VERSION = {"valid_from": THEN, "known_from": THEN, "is_listed": True, "source": "runpod_rates", "fetch_id": "f"}
NO_HOLDS, NO_REJECTS = pl.DataFrame(schema=HOLD_SCHEMA), pl.DataFrame(schema=REJECT_SCHEMA)


def moved(old, new):
    """Staged rows of a page on which one rate went from old to new."""
    before, after = (
        RATE | {"usd_per_gpu_hour": Decimal(amount), "local_per_gpu_hour": Decimal(amount)} for amount in (old, new)
    )
    current = pl.DataFrame([before | VERSION | {"rate_id": "r"}], schema=polars_schema(GpuRate))
    rows = pl.DataFrame([after], schema=polars_schema(GpuRateObservation))
    parsed = Parsed(rows, pl.DataFrame(schema=REJECT_SCHEMA))
    state = SourceState(current, NO_HOLDS, 1, None, NO_REJECTS, None)
    return stage_body(replace(RUNPOD, parse=lambda body: parsed), b"", state, NOW)


@pytest.mark.parametrize(
    ("new", "movement", "warnings"),
    [
        ("3.00", "none", []),
        ("4.20", "small", []),
        ("4.21", "notable", ["moves_are_usual"]),
        ("1.80", "small", []),
        ("1.79", "notable", ["moves_are_usual"]),
        ("6.00", "notable", ["moves_are_usual"]),
        ("6.01", "beyond_bounds", ["moves_are_small", "moves_are_usual"]),
    ],
)
def test_more_than_forty_percent_warn_and_refuse_nothing(new, movement, warnings):
    """Of 3.00: 4.20 is 40 % more and 1.80 is 40 % less; twice as much enters with a warning, more is held."""
    found = moved("3.00", new)
    assert found.rows["movement"].to_list() == [movement]
    results = check_rows(RUNPOD, found, is_approved=False)
    assert sorted(each.expectation.name for each in results if not each.is_met) == warnings
    assert blocking_reason(results) is None


@pytest.mark.parametrize(
    "error",
    [KeyError("price"), RecursionError("deep"), AttributeError("none"), pl.exceptions.PanicException("Int256")],
    ids=repr,
)
def test_a_page_that_the_parser_breaks_on_is_refused_and_says_where(error):
    """Lists and texts stand elsewhere than the parser thinks: a refusal, so the last good version stays."""

    def breaking(body):
        raise error

    state = SourceState(
        pl.DataFrame(schema=polars_schema(GpuRate)),
        pl.DataFrame(schema=HOLD_SCHEMA),
        1,
        None,
        pl.DataFrame(schema=REJECT_SCHEMA),
        None,
    )
    with pytest.raises(ParseError, match=rf"{type(error).__name__} at test_stage_body.py line \d+"):
        stage_body(replace(RUNPOD, parse=breaking), b"", state, NOW)
