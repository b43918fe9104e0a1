"""LiteLLM's and tokencost's map on every date that was kept, through the real steps into DuckDB: what moved, and when.

Each source has a warehouse of its own, so no source is the other's witness. Expected moves are from the files as plain
JSON (`raw_litellm`) and from what the providers announced; no figure here is the parsers' own.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest

from pipelines.snapshots.fetch_source import record_body
from pipelines.snapshots.load_body import promote_latest
from pipelines.sources.catalog import SOURCES_BY_KEY
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import read_table
from tests.captures.raw_litellm import METERS, Id, Move, Replay

FEEDS = Path(__file__).parents[2].parent / "shared" / "feeds"
COUNTS = {"litellm": 10, "tokencost": 5}

pytestmark = pytest.mark.skipif(not FEEDS.is_dir(), reason="the captures in ../shared are absent")


@dataclass(frozen=True)
class Book:
    """What a warehouse believes after the last file, beside the same files read as plain JSON."""

    prices: dict[Id, list[tuple[date, Decimal]]]
    """Listed prices at any hour of each id, in the order of their start."""
    ends: dict[Id, date]
    """Since when an id is no longer listed."""
    holds: set[tuple[Id, date, Decimal, str]]
    """(what, first seen, held price, status)."""
    raw: Replay

    def moves(self) -> set[Move]:
        return {
            (identity, day, old, new)
            for identity, prices in self.prices.items()
            for (_, old), (day, new) in pairwise(prices)
            if old != new
        }


@pytest.fixture(scope="module")
def books(litellm_replay, tmp_path_factory):
    tokencost = Warehouse(tmp_path_factory.mktemp("tokencost"))
    for file in sorted((FEEDS / "tokencost").glob("*.json")):
        at = datetime.combine(date.fromisoformat(file.stem), time(8))
        record_body(tokencost, SOURCES_BY_KEY["tokencost"], file.read_bytes(), at)
        promotion = promote_latest(tokencost, SOURCES_BY_KEY["tokencost"], at)
        assert (promotion.outcome, promotion.reason) == ("promoted", None)
    return {
        "litellm": book_of("litellm", Warehouse(litellm_replay.folder)),
        "tokencost": book_of("tokencost", tokencost),
    }


def book_of(source: str, warehouse: Warehouse) -> Book:
    with warehouse.write() as connection:
        versions = read_table(connection, "core.token_price", "known_to IS NULL AND time_window = 'always'")
        holds = read_table(connection, "core.price_hold")
    prices, ends = defaultdict(list), {}
    for row in versions.sort("valid_from").iter_rows(named=True):
        if row["is_listed"]:
            prices[id_of(row)].append((row["valid_from"].date(), row["usd_per_unit"]))
        else:
            ends[id_of(row)] = row["valid_from"].date()
    return Book(dict(prices), ends, set(held(holds)), Replay(FEEDS / source))


def id_of(row):
    provider = row["provider"] if row["channel"] == "api" else ""
    names = (row["channel"], row["region"], row["model"], row["meter"], row["service_tier"])
    return Id(provider, *names, int(row["context_from"]) // 1000)


def held(holds: pl.DataFrame):
    names = ("provider", "channel", "region", "model", "meter", "service_tier", "context_from", "time_window")
    for row in holds.iter_rows(named=True):
        key = dict(zip(names, row["price_key"].split("|"), strict=True))
        yield id_of(key), row["first_seen_at"].date(), row["new_amount"], row["status"]


# Source, provider, model, meter, the file of the last old price, that of the first new one, old, new; from the list of
# well-supported changes and their announcements. A move of another size than half to double waits for the next file
# and then counts from its first sight; two that never come to be confirmed are tested below.
EVENTS = [
    ("tokencost", "openai", "gpt-4o", "input_uncached", "2024-10-17", "2025-06-09", "5", "2.5"),
    ("tokencost", "openai", "gpt-4o", "output", "2024-10-17", "2025-06-09", "15", "10"),
    ("tokencost", "openai", "o1-mini", "input_uncached", "2024-10-17", "2025-06-09", "3", "1.1"),
    ("tokencost", "openai", "o1-mini", "output", "2024-10-17", "2025-06-09", "12", "4.4"),
    ("litellm", "openai", "o1-mini", "input_uncached", "2024-11-28", "2025-04-19", "3", "1.1"),
    ("litellm", "openai", "o1-mini", "output", "2024-11-28", "2025-04-19", "12", "4.4"),
    ("litellm", "anthropic", "claude-3-5-haiku-20241022", "input_uncached", "2024-11-28", "2025-04-19", "1", "0.8"),
    ("litellm", "anthropic", "claude-3-5-haiku-20241022", "output", "2024-11-28", "2025-04-19", "5", "4"),
    ("litellm", "openai", "o3", "input_uncached", "2025-04-19", "2025-06-19", "10", "2"),
    ("litellm", "openai", "o3", "output", "2025-04-19", "2025-06-19", "40", "8"),
    ("litellm", "openai", "o3", "cache_read", "2025-04-19", "2025-06-19", "2.5", "0.5"),
    ("litellm", "deepseek", "deepseek-chat", "input_uncached", "2024-11-28", "2025-04-19", "0.14", "0.27"),
    ("litellm", "deepseek", "deepseek-chat", "output", "2024-11-28", "2025-04-19", "0.28", "1.1"),
    # The file of 2025-10-11 prints two prices for it under two keys and says nothing.
    ("litellm", "deepseek", "deepseek-chat", "input_uncached", "2025-08-18", "2026-01-29", "0.27", "0.28"),
    ("litellm", "deepseek", "deepseek-chat", "output", "2025-08-18", "2026-01-29", "1.1", "0.42"),
    ("tokencost", "mistral", "mistral-large-2402", "input_uncached", "2024-05-22", "2024-10-17", "8", "4"),
    ("tokencost", "mistral", "mistral-large-2402", "output", "2024-05-22", "2024-10-17", "24", "12"),
    ("litellm", "mistral", "mistral-large-latest", "input_uncached", "2024-11-28", "2025-04-19", "3", "2"),
    ("litellm", "mistral", "mistral-large-latest", "output", "2024-11-28", "2025-04-19", "9", "6"),
    ("litellm", "mistral", "mistral-large-latest", "input_uncached", "2026-01-29", "2026-04-26", "2", "0.5"),
    ("litellm", "mistral", "mistral-large-latest", "output", "2026-01-29", "2026-04-26", "6", "1.5"),
    ("litellm", "openai", "gpt-5.6-luna", "input_uncached", "2026-07-30", "2026-09-29", "1", "0.2"),
    ("litellm", "openai", "gpt-5.6-luna", "output", "2026-07-30", "2026-09-29", "6", "1.2"),
    ("litellm", "openai", "gpt-5.6-luna", "cache_read", "2026-07-30", "2026-09-29", "0.1", "0.02"),
    ("litellm", "openai", "gpt-5.6-sol", "input_uncached", "2026-07-30", "2026-09-29", "5", "4"),
    ("litellm", "openai", "gpt-5.6-sol", "output", "2026-07-30", "2026-09-29", "30", "20"),
    ("litellm", "openai", "gpt-5.6-sol", "cache_read", "2026-07-30", "2026-09-29", "0.5", "0.4"),
]


@pytest.mark.parametrize("event", EVENTS, ids=" ".join)
def test_a_known_change_of_price(books, event):
    source, provider, model, meter, last_old, first_new, old, new = event
    identity = Id(provider, "api", "global", model, meter, "standard", 0)
    prices = books[source].prices[identity]
    before = prices[prices.index((date.fromisoformat(first_new), Decimal(new))) - 1]
    assert before[1] == Decimal(old)
    assert before[0] <= date.fromisoformat(last_old)
    in_between = [day for day in books[source].raw.days if last_old < day.isoformat() < first_new]
    assert all(books[source].raw.prices[day].get(identity) is None for day in in_between)


@pytest.mark.parametrize(("meter", "old", "new"), [("input_uncached", 10, 2), ("output", 40, 8)])
def test_a_change_in_the_last_file_stays_on_hold(books, meter, old, new):
    identity = Id("openai", "api", "global", "o3", meter, "standard", 0)
    assert (identity, date(2025, 6, 24), Decimal(new), "open") in books["tokencost"].holds
    assert [usd for _, usd in books["tokencost"].prices[identity]] == [Decimal(old)]


def test_a_price_that_moves_again_is_borne_out_by_the_next_one(books):
    """mistral-large went 8, 3, 2: the model of 2024-07 cost 3, and 2 from 2024-09-17 (announcements.csv)."""
    identity = Id("mistral", "api", "global", "mistral-large-latest", "input_uncached", "standard", 0)
    book = books["tokencost"]
    assert book.prices[identity] == [
        (date(2024, 5, 22), Decimal(8)),
        (date(2024, 10, 17), Decimal(3)),
        (date(2025, 6, 9), Decimal(2)),
    ]
    assert (identity, date(2024, 10, 17), Decimal(3), "confirmed") in book.holds
    assert (identity, date(2024, 10, 17), Decimal(8), Decimal(3)) in book.raw.printed()


@pytest.mark.parametrize("meter", ["input_uncached", "output", "cache_read", "cache_write_5m"])
def test_a_surcharge_on_long_prompts_ends(books, meter):
    """Anthropic dropped it on 2026-03-13; the map never had it of the models of that day and dropped the last one's."""
    book = books["litellm"]
    surcharge = Id("anthropic", "api", "global", "claude-sonnet-4-5", meter, "standard", 200)
    assert book.ends[surcharge] == date(2026, 11, 17)
    for model in ("claude-opus-4-6", "claude-sonnet-4-6"):
        assert surcharge._replace(model=model, above=0) in book.prices
        assert surcharge._replace(model=model) not in book.prices


def test_a_zero_is_no_change(books):
    """The map printed 0 for the output of gemini-1.5-flash from 2026-04-26 on."""
    identity = Id("google", "api", "global", "gemini-1.5-flash", "output", "standard", 0)
    assert [usd for _, usd in books["litellm"].prices[identity]] == [Decimal("0.3")]


def standard(provider, model, meter):
    return Id(provider, "api", "global", model, meter, "standard", 0)


NOT_OURS = {
    # An hour's cache write below that of five minutes waited from the first file on, so 30 is the first price.
    (standard("anthropic", "claude-3-opus-20240229", "cache_write_1h"), date(2026, 9, 29)),
}
"""Moves that the plain reading believes, and why they are none of ours."""


@pytest.mark.parametrize(("source", "printed", "believed"), [("litellm", 739, 723), ("tokencost", 76, 66)])
def test_the_changes_are_those_of_the_files(books, source, printed, believed):
    book = books[source]
    assert len(book.raw.days) == COUNTS[source]
    compared = book.raw.series().keys()
    expected = {move for move in book.raw.believed() if move[:2] not in NOT_OURS}
    assert {move for move in book.moves() if move[0] in compared} == expected
    assert (len(book.raw.printed()), len(book.raw.believed())) == (printed, believed)


@pytest.mark.parametrize(("source", "unmoved"), [("litellm", 7626), ("tokencost", 1127)])
def test_a_price_that_never_moved_has_no_change(books, source, unmoved):
    book = books[source]
    same = {identity for identity, prices in book.raw.series().items() if len({*prices} - {None}) == 1}
    assert len(same) == unmoved
    assert not {move for move in book.moves() if move[0] in same}


@pytest.mark.parametrize(
    ("source", "is_open", "is_withdrawn", "is_return"), [("litellm", 8, 8, 0), ("tokencost", 10, 0, 0)]
)
def test_every_printed_move_that_is_no_change_was_held(books, source, is_open, is_withdrawn, is_return):
    """A move that no other file confirms is on hold or withdrawn; what follows a withdrawn one starts from the price
    before it, so the file's own move from the withdrawn price is no change either.
    """
    book = books[source]
    refused = book.raw.printed() - book.raw.believed()
    status = {(identity, day, new): found for identity, day, new, found in book.holds}
    withdrawn = {(identity, new) for identity, _, new, found in book.holds if found == "withdrawn"}
    returns = {move for move in refused if (move[0], move[2]) in withdrawn}
    kinds = [status[identity, day, new] for identity, day, _, new in refused - returns]
    assert (kinds.count("open"), kinds.count("withdrawn"), len(returns)) == (is_open, is_withdrawn, is_return)
    assert len(kinds) == is_open + is_withdrawn


@pytest.mark.parametrize(("source", "two_keys", "models_by_hour"), [("litellm", 18, 6), ("tokencost", 9, 0)])
def test_both_readings_see_the_same_prices(books, source, two_keys, models_by_hour):
    """What only one of them sees: models with a price of their own at some hours, and meters that are not compared."""
    book = books[source]
    raw = book.raw.series().keys()
    # Keys that the page moves for many models at once, or whose order is turned round, wait for a second source.
    waiting = {identity for identity, *_ in book.holds}
    assert raw - waiting <= book.prices.keys()
    assert len(raw - book.prices.keys()) <= 21
    ours = {
        identity
        for identity in book.prices.keys() - raw
        if identity.channel in {"api", "openrouter", "azure"} and identity.meter in METERS.values()
    }
    # Alibaba's ids have a prefix of their own (dashscope/), which the plain reading leaves out.
    others = {(identity.provider, identity.model) for identity in ours if identity.provider != "qwen"}
    assert others <= book.raw.by_hour
    assert (len(book.raw.unclear), len(book.raw.by_hour)) == (two_keys, models_by_hour)
