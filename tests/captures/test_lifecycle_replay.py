"""Dated deprecation pages of one provider through the real steps into DuckDB: what moved, and when.

The expected moves were written down by a person from `diff` of the pages' table rows and lists, one page after the
other; they hold every model that came, went or changed, and nothing else.
"""

from datetime import date, datetime, time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from pipelines.snapshots.fetch_source import record_body
from pipelines.snapshots.load_body import promote_latest
from pipelines.sources.catalog import SOURCES_BY_KEY
from pipelines.sources.lifecycle import cohere
from pipelines.sources.source import Source
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import read_table

CAPTURES = Path(__file__).parents[2].parent / "shared" / "pages" / "lifecycle"
pytestmark = pytest.mark.skipif(not CAPTURES.exists(), reason="the captured pages are not on this machine")

COHERE = Source(
    key="cohere_deprecations",
    kind="lifecycle",
    standing="page",
    urls=("https://docs.cohere.com/docs/deprecations.md",),
    parse=cohere.parse,
    min_rows=2,
)
FACTS = ("state", "announced_on", "legacy_on", "retires_on", "retires_precision", "replacements")
Move = tuple[str, str, str, Any, Any]


def replayed(source: Source, pages: str, warehouse: Warehouse) -> dict[str, set[Move]]:
    """(model, scope, fact, old, new) by the day of the page that brought it; a first mention has the fact "listed"."""
    for file in sorted(CAPTURES.glob(pages)):
        at = datetime.combine(date.fromisoformat(file.stem.partition("_")[2]), time(8))
        record_body(warehouse, source, file.read_bytes(), at)
        promotion = promote_latest(warehouse, source, at)
        assert (promotion.outcome, promotion.reason) == ("promoted", None)
    with warehouse.write() as connection:
        versions = read_table(connection, "core.model_lifecycle", "known_to IS NULL")
    histories: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for version in versions.sort("valid_from").to_dicts():
        histories.setdefault((version["model"], version["scope"]), []).append(version)
    moves: dict[str, set[Move]] = {}
    for identity, history in histories.items():
        first = history[0]
        moves.setdefault(str(first["valid_from"].date()), set()).add((*identity, "listed", None, first["state"]))
        for old, new in pairwise(history):
            day = str(new["valid_from"].date())
            changed = {(*identity, fact, old[fact], new[fact]) for fact in FACTS if old[fact] != new[fact]}
            if not new["is_listed"]:
                changed.add((*identity, "listed", old["state"], None))
            moves.setdefault(day, set()).update(changed)
    return moves


def rewritten(old: str, new: str, *models: str) -> set[Move]:
    return {(model, "all", "replacements", old, new) for model in models}


def announced(model: str, on: date, floor: date, end: date, replacement: str) -> set[Move]:
    """An active model with a floor becomes a deprecated one with a day."""
    return {
        (model, "all", "state", "active", "deprecated"),
        (model, "all", "announced_on", None, on),
        (model, "all", "retires_on", floor, end),
        (model, "all", "retires_precision", "floor", "day"),
        (model, "all", "replacements", None, replacement),
    }


def retired(*models: str) -> set[Move]:
    return {(model, "all", "state", "deprecated", "retired") for model in models}


def listed(state: str, *models: str) -> set[Move]:
    return {(model, "all", "listed", None, state) for model in models}


def test_anthropic(tmp_path: Path) -> None:
    moves = replayed(SOURCES_BY_KEY["anthropic_deprecations"], "anthropic_*.md", Warehouse(tmp_path))
    first = moves.pop("2026-01-13")
    assert len(first) == 22
    assert {fact for _, _, fact, _, _ in first} == {"listed"}
    sonnet_45, opus_46, sonnet_46, opus_48 = (
        *("claude-sonnet-4-5-20250929", "claude-opus-4-6"),
        *("claude-sonnet-4-6", "claude-opus-4-8"),
    )
    sonnets_35 = ("claude-3-5-sonnet-20240620", "claude-3-5-sonnet-20241022")
    sonnet_37, haiku_35 = "claude-3-7-sonnet-20250219", "claude-3-5-haiku-20241022"
    haiku_3, opus_3, sonnet_3 = "claude-3-haiku-20240307", "claude-3-opus-20240229", "claude-3-sonnet-20240229"
    opus_4, sonnet_4, opus_41 = "claude-opus-4-20250514", "claude-sonnet-4-20250514", "claude-opus-4-1-20250805"
    may, april, june = date(2026, 5, 14), date(2026, 4, 14), date(2026, 6, 15)
    assert moves == {
        "2026-02-19": listed("active", opus_46, sonnet_46)
        | rewritten(sonnet_45, opus_46, sonnet_37, *sonnets_35, "claude-2.0", "claude-2.1", sonnet_3)
        | rewritten("claude-opus-4-5-20251101", opus_46, opus_3),
        "2026-02-20": retired(sonnet_37, haiku_35)
        | announced(haiku_3, date(2026, 2, 19), date(2025, 3, 7), date(2026, 4, 20), "claude-haiku-4-5-20251001"),
        "2026-04-15": announced(opus_4, april, may, june, opus_46) | announced(sonnet_4, april, may, june, sonnet_46),
        "2026-07-21": listed("active", "claude-fable-5", opus_48, "claude-opus-4-7", "claude-sonnet-5")
        | listed("deprecated", "claude-mythos-preview")
        | retired(haiku_3, opus_4, sonnet_4)
        | announced(opus_41, date(2026, 6, 5), date(2026, 8, 5), date(2026, 8, 5), opus_48)
        - {(opus_41, "all", "retires_on", date(2026, 8, 5), date(2026, 8, 5))}
        | rewritten(opus_46, sonnet_46, sonnet_37, *sonnets_35, sonnet_3)
        | rewritten(opus_46, opus_48, opus_3, opus_4, "claude-2.0", "claude-2.1"),
        "2026-08-22": listed("active", "claude-opus-5")
        | retired(opus_41)
        | {("claude-mythos-preview", "all", "listed", "deprecated", None)},  # its sentence has left the page
    }


def test_cohere(tmp_path: Path) -> None:
    moves = replayed(COHERE, "cohere_*.mdx", Warehouse(tmp_path))
    rerank = ("rerank-english-v2.0", "rerank-multilingual-v2.0")
    march, april = date(2025, 3, 31), date(2025, 4, 30)
    assert moves == {
        "2024-12-01": listed("deprecated", *rerank),
        "2025-04-29": {(model, "all", "retires_on", march, april) for model in rerank}
        | {("command-r-03-2024", "fine-tuned", "listed", None, "deprecated")},
        "2025-09-16": listed(
            "deprecated",
            *("command-r-03-2024", "command-r", "command-r-plus-04-2024", "command-r-plus"),
            *("command-light", "command", "summarize"),
        ),
        "2026-08-06": listed(
            "deprecated",
            *("embed-english-v2.0", "embed-english-light-v2.0", "embed-multilingual-v2.0"),
            *("c4ai-aya-expanse-8b", "c4ai-aya-vision-8b"),
        ),
    }
