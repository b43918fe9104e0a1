"""The shipped history against every provider page at hand, cell by cell, with the share of what is only assumed.

`python -m tests.captures.price_agreement_doc` writes it into docs/price_agreement.md.
"""

from calendar import monthrange
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.costs.resolve_segments import segments_of
from pipelines.models.model_map import read_model_map
from pipelines.schema.offers import MODEL_KEY
from pipelines.snapshots.shipped_prices import PRICE_FILE, shipped_versions
from pipelines.sources.catalog import SOURCES_BY_KEY
from pipelines.sources.parsed import ParseError

CELL = (*MODEL_KEY, "service_tier", "meter", "context_from", "time_window")
Row = dict[str, Any]


def pages(folder: Path) -> Iterator[tuple[str, datetime, str]]:
    """Name, day (the last of its month where only that is known) and source of each saved page."""
    for file in sorted(folder.iterdir()):
        provider, day, *_ = file.stem.split("_")
        source = f"{provider}_pricing"
        if source in SOURCES_BY_KEY:
            yield file.name, _day(day), source


def _day(text: str) -> datetime:
    if text.count("-") > 1:
        return datetime.fromisoformat(text)
    year, month = map(int, text.split("-"))
    return datetime(year, month, monthrange(year, month)[1])


def agreement(folder: Path) -> list[Row]:
    """One row per page: cells, how many equal ours of that day, differ or are not held; or why it is not read."""
    found = []
    for name, day, source in pages(folder):
        try:
            rows = SOURCES_BY_KEY[source].parse((folder / name).read_bytes()).rows
        except ParseError as error:
            found.append({"page": name, "cells": "", "equal": "", "differ": "", "not held": "", "note": _short(error)})
            continue
        found.append({"page": name} | _compared(rows, day))
    return found


def _compared(rows: pl.DataFrame, day: datetime) -> Row:
    is_begun = pl.col("effective_from").is_null() | (pl.col("effective_from") <= day)
    theirs = rows.filter(is_begun).sort("effective_from").unique(CELL, keep="last", maintain_order=True)
    segments = segments_of(
        shipped_versions().filter(pl.col("known_to").is_null()),
        theirs.select(MODEL_KEY).unique(),
        read_model_map(Path("no such file")),
    )
    ours = segments.filter(
        pl.col("valid_from") <= day, pl.col("valid_to").is_null() | (pl.col("valid_to") > day)
    ).select(*CELL, ours="usd_per_unit")
    both = theirs.join(ours, on=CELL, how="left")
    equal = both.filter(pl.col("ours") == pl.col("usd_per_unit")).height
    missing = both["ours"].null_count()
    differing = both.filter(pl.col("ours") != pl.col("usd_per_unit"))["model"].unique().sort().to_list()
    note = ", ".join(f"`{model}`" for model in differing[:6]) + (" ..." if len(differing) > 6 else "")
    return {
        "cells": both.height, "equal": equal, "differ": both.height - equal - missing, "not held": missing,
        "note": note,
    }  # fmt: skip


def _short(error: ParseError) -> str:
    return f"not read: {str(error).split(';')[0]:.90}".replace("|", "/")


def composition() -> list[Row]:
    """What is believed now, by basis and by whose word it rests on, with the share of all."""
    versions = shipped_versions().filter(pl.col("known_to").is_null())
    counted = versions.group_by("basis", "authority").len().sort("basis", "authority")
    return [
        {"basis": basis, "rests on": word, "versions": count, "share": f"{count * 1000 // versions.height / 10} %"}
        for basis, word, count in counted.iter_rows()
    ]


def size() -> str:
    """How large the history is, in versions, models and bytes."""
    versions = shipped_versions()
    models = versions.select("provider", "channel", "model").n_unique()
    return f"{versions.height} versions of {models} models, {PRICE_FILE.stat().st_size // 1000} kB."
