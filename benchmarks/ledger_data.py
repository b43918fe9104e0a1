"""A seeded ledger as the product lays it out: one Parquet file per UTC day, with the columns of core.usage.

Shaped like real usage: a few projects and models make most of it, each project has its own models and habits, half
of the prompts are read from a cache, some are long, some are batches.
"""

import hashlib
import json
import shutil
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.price_data import LONG_PROMPT, Model, catalog, segments
from pipelines.schema.derived_columns import derived_columns
from pipelines.schema.offers import SERVICE_TIERS
from pipelines.usage.contract import USAGE_SCHEMA
from pipelines.usage.dedup import largest_per_usage
from pipelines.warehouse import ledger
from pipelines.warehouse.ledger_catalog import FILE_SCHEMA, LEDGER

SEED = 20261125
LAST_DAY = date(2026, 11, 24)
ROWS_PER_DAY, MAX_ROWS_PER_FILE = 200_000, 1_000_000
VERSION = hashlib.sha256(Path(__file__).read_bytes() + Path(ledger.__file__).read_bytes()).hexdigest()[:12]
"""Of this generator and of the ledger's layout: data of another one are made anew."""
PROJECTS = 60
MODELS_PER_PROJECT, POPULAR_PER_PROJECT, POPULAR = 20, 4, 20
KEYS = ("live", "test")
OTHER_TIERS = SERVICE_TIERS[1:]
LONG_SHARE = 0.04
UNKNOWN_MODEL = "in-house-model"
UNKNOWN_SHARE = 0.003
Random = np.random.Generator


def write_ledger(
    folder: Path, days: int, rows_per_day: int = ROWS_PER_DAY, models: Sequence[Model] | None = None, seed: int = SEED
) -> None:
    """Write `days` days up to LAST_DAY to `folder`/ledger, once; a day of many rows is several files.

    With the made-up catalog also `folder`/segments.parquet. Real `models` are all used in the standard tier, and none
    of the usage is of an unknown model.
    """
    wanted = {"days": days, "rows_per_day": rows_per_day, "seed": seed, "last_day": str(LAST_DAY), "version": VERSION}
    stamp = folder / "made.json"
    if stamp.exists() and json.loads(stamp.read_text()) == wanted:
        return
    folder.mkdir(parents=True, exist_ok=True)
    stamp.unlink(missing_ok=True)
    shutil.rmtree(folder / LEDGER, ignore_errors=True)
    pairs = pairs_of(models or catalog(), np.random.default_rng(seed))
    if models is None:
        segments(LAST_DAY, days, seed).write_parquet(folder / "segments.parquet")
    else:
        pairs = pairs.filter(pl.col("model") != UNKNOWN_MODEL).with_columns(other_tier=pl.lit("standard"))
    for offset in range(days):
        day = LAST_DAY - timedelta(days=days - 1 - offset)
        for part in range(-(-rows_per_day // MAX_ROWS_PER_FILE)):
            rows = min(MAX_ROWS_PER_FILE, rows_per_day - part * MAX_ROWS_PER_FILE)
            usage = usage_of_day(np.random.default_rng([seed, offset, part]), day, rows, pairs)
            # As if nothing were known yet, so that it writes a file and reads none.
            ledger.write(folder, pl.DataFrame(schema=FILE_SCHEMA), usage, largest_per_usage)
    stamp.write_text(json.dumps(wanted))


def pairs_of(models: Sequence[Model], rng: Random) -> pl.DataFrame:
    """Which models each project uses, how much, and in which tier besides standard. Weights sum to 1."""
    in_turn = cycle(models)
    rows = []
    for project in range(PROJECTS):
        for place in range(MODELS_PER_PROJECT):
            is_popular = place < POPULAR_PER_PROJECT
            model = models[int(rng.integers(min(POPULAR, len(models))))] if is_popular else next(in_turn)
            other = str(rng.choice(OTHER_TIERS)) if rng.random() < 0.4 else "standard"
            weight = (1 - UNKNOWN_SHARE) / (project + 1) ** 1.1 / (place + 1) ** 1.2
            rows.append((f"proj_{project:03}", *vars(model).values(), other, weight))
    rows.append(("proj_000", UNKNOWN_MODEL, "unknown", False, False, False, False, "standard", 0.0))
    names = ["project_id", "model", *list(vars(models[0]))[1:], "other_tier", "weight"]
    pairs = pl.DataFrame(rows, schema=names, orient="row")
    share = (1 - UNKNOWN_SHARE) * pl.col("weight") / pl.col("weight").sum()
    return pairs.with_columns(weight=pl.when(model=UNKNOWN_MODEL).then(UNKNOWN_SHARE).otherwise(share))


def usage_of_day(rng: Random, day: date, rows: int, pairs: pl.DataFrame) -> pl.DataFrame:
    """One day of usage in the columns of core.usage."""
    chosen = pairs[rng.choice(pairs.height, size=rows, p=pairs["weight"].to_numpy() / pairs["weight"].sum())]
    start = datetime.combine(day, datetime.min.time(), UTC).timestamp()
    at = (int(start) * 1_000 + rng.integers(86_400_000, size=rows)) * 1_000
    digits = rng.bytes(16 * rows).hex()
    frame = chosen.with_columns(
        **_tokens(rng, chosen),
        usage_id=pl.Series([digits[place : place + 32] for place in range(0, len(digits), 32)]),
        usage_at=pl.Series(at).cast(pl.Datetime("us")),
        service_tier=pl.when(pl.Series(rng.random(rows)) < 0.25).then("other_tier").otherwise(pl.lit("standard")),
        api_key_id=pl.format("key_{}_{}", "project_id", pl.Series(rng.choice(KEYS, size=rows, p=(0.9, 0.1)))),
        user_id=pl.format("user_{}", pl.Series(rng.integers(5_000, size=rows))),
        conversation_id=pl.format("conv_{}_{}", pl.lit(str(day)), pl.Series(rng.integers(20_000, size=rows))),
        import_id=pl.lit(f"{day.toordinal():064x}"),
        source_line=pl.int_range(1, rows + 1),
        **{name: pl.lit(text) for name, text in _SAME.items()},
        requests=pl.lit(1),
    )
    missing = {name: pl.lit(None, kind) for name, kind in USAGE_SCHEMA.items() if name not in frame.columns}
    whole = frame.with_columns(**missing).with_columns(**derived_columns())
    return whole.select(pl.col(name).cast(kind) for name, kind in USAGE_SCHEMA.items())


_SAME = {"grain": "request", "channel": "api", "region": "global", "account_id": "default", "format": "benchmark"}


def _tokens(rng: Random, chosen: pl.DataFrame) -> dict[str, pl.Series]:
    """Disjoint token counts: prompts of about 1,800 tokens, half of them partly cached, a few longer than the limit."""
    rows = chosen.height
    is_long = chosen["has_long_price"].to_numpy() & (rng.random(rows) < LONG_SHARE)
    prompt = np.where(
        is_long, rng.integers(LONG_PROMPT, 800_000, size=rows), rng.lognormal(7.5, 1.4, rows).clip(1, 190_000)
    )
    cached = np.where(rng.random(rows) < 0.5, prompt * rng.uniform(0.3, 0.95, rows), 0).astype(np.int64)
    writes = chosen["has_cache_writes"].to_numpy()
    rest = prompt.astype(np.int64) - cached
    is_hour = rng.random(rows) < 0.1
    written = np.where(writes & (rng.random(rows) < 0.6), rest * 0.8, 0).astype(np.int64)
    output = rng.lognormal(5.7, 1.1, rows).clip(1, 60_000).astype(np.int64)
    searches = chosen["has_searches"].to_numpy() & (rng.random(rows) < 0.02)
    return {
        "input_uncached_tokens": pl.Series(rest - written),
        "cache_read_tokens": pl.Series(cached),
        "cache_write_5m_tokens": _where(writes, np.where(is_hour, 0, written)),
        "cache_write_1h_tokens": _where(writes, np.where(is_hour, written, 0)),
        "output_tokens": pl.Series(output),
        "of_which_reasoning_tokens": pl.Series((output * rng.uniform(0, 0.7, rows)).astype(np.int64)),
        "web_searches": _where(searches, rng.integers(1, 4, size=rows)),
    }


def _where(mask: Any, values: Any) -> pl.Series:
    return pl.select(pl.when(pl.Series(mask)).then(pl.Series(values))).to_series()


def ledger_files(folder: Path) -> list[Path]:
    """The Parquet files of a ledger, by day."""
    return sorted((folder / "ledger").glob("usage_date=*/*.parquet"))


def day_of(file: Path) -> date:
    """The UTC day of one of these files."""
    return date.fromisoformat(file.parent.name.removeprefix("usage_date="))
