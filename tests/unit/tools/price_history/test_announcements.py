"""announcements.csv itself: its form, that it never contradicts itself, and prices that providers stated.

The expected prices are those of the providers' own announcements; how announcements meet other files is tested
with the build.
"""

import csv
from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from pipelines.schema.time_windows import parse_window
from tools.price_history import build

COLUMNS = (
    "provider,channel,region,model,meter,service_tier,context_from,context_to,time_window,unit,"
    "usd_per_unit,effective_from,known_from,printed,url"
)
KEY = ("provider", "channel", "region", "model", "meter", "service_tier", "context_from", "time_window")
BILLED = {"input": "input_uncached", "output": "output", "cached": "cache_read"}
LATEST = "2026-11-24"
PEAK = "mon-fri 01:00-04:00,06:00-10:00 except CN holidays"

FILE = Path(build.__file__).with_name("announcements.csv")
with FILE.open(encoding="utf-8", newline="") as lines:
    READER = csv.DictReader(lines)
    PRINTED = list(READER)
ROWS = [row | {"effective_from": row["effective_from"] or row["known_from"]} for row in PRINTED]
"""A row without a start says what was printed on the day; since when is not known."""


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _price(model: str, meter: str, at: str, known: str | None = None, **other: str) -> Decimal | None:
    """USD per unit in force `at` a moment as known at another (the same, unless told); no aggregator counts here."""
    wanted = {"channel": "api", "region": "global", "service_tier": "standard", "context_from": "0"}
    wanted |= {"time_window": "always", "model": model, "meter": BILLED.get(meter, meter)} | other
    told = [
        row
        for row in ROWS
        if all(row[name] == value for name, value in wanted.items())
        and _moment(row["known_from"]) <= _moment(known or at)
    ]
    # What was said later replaces every earlier statement about the same day and after.
    valid = []
    for row in sorted(told, key=lambda row: (_moment(row["known_from"]), _moment(row["effective_from"]))):
        valid = [old for old in valid if old["effective_from"] < row["effective_from"]] + [row]
    in_force = [row for row in valid if _moment(row["effective_from"]) <= _moment(at)]
    return Decimal(in_force[-1]["usd_per_unit"]) if in_force else None


def test_file_has_the_agreed_columns_and_order() -> None:
    assert ",".join(READER.fieldnames or ()) == COLUMNS
    order = [(row["provider"], row["model"], row["known_from"]) for row in ROWS]
    assert order == sorted(order)


def test_every_row_is_a_valid_observation() -> None:
    assert sum(said.rows.height for said, _ in build.announcements()) == len(ROWS)


def test_time_windows_and_tiers_can_be_read() -> None:
    for row in ROWS:
        if row["time_window"] != "always":
            parse_window(row["time_window"])
        if row["context_to"]:
            assert int(row["context_from"]) < int(row["context_to"]), row


def test_every_row_names_a_public_page() -> None:
    for address in {row["url"] for row in ROWS}:
        parts = urlsplit(address)
        assert parts.scheme == "https", address
        assert parts.port is None, address
        assert parts.username is None, address
        assert "." in (parts.hostname or ""), address
        with pytest.raises(ValueError, match="does not appear to be"):
            ip_address(parts.hostname or "")


def test_nothing_is_announced_for_the_past() -> None:
    for row in ROWS:
        known, effective = _moment(row["known_from"]), _moment(row["effective_from"])
        assert known <= effective or known.date() == effective.date(), row
        assert datetime(2022, 12, 1) <= known < datetime(2026, 11, 25), row


def test_no_two_rows_contradict_each_other() -> None:
    prices: dict[tuple[str, ...], set[Decimal]] = defaultdict(set)
    for row in ROWS:
        prices[(*(row[name] for name in KEY), row["known_from"], row["effective_from"])].add(
            Decimal(row["usd_per_unit"])
        )
    assert {key: found for key, found in prices.items() if len(found) > 1} == {}


@pytest.mark.parametrize(
    ("model", "meter", "at", "usd"),
    [
        ("gpt-4", "input", "2023-03-14", "30"),
        ("gpt-4-32k", "output", "2023-03-14", "120"),
        ("gpt-3.5-turbo", "input", "2023-06-12", "2"),
        ("gpt-3.5-turbo", "input", "2023-06-13", "1.5"),
        ("gpt-4-1106-preview", "output", "2023-11-06", "30"),
        ("gpt-4o", "output", "2024-06-01", "15"),
        ("gpt-4o", "input", "2024-10-01", "5"),
        ("gpt-4o", "input", "2024-10-02", "2.5"),
        ("gpt-4o-2024-08-06", "output", "2024-08-06", "10"),
        ("o1-mini", "input", "2025-01-31", "1.1"),
        ("o3", "input", "2025-06-09T23:59", "10"),
        ("o3", "input", "2025-06-10", "2"),
        ("o3-2025-04-16", "cached", "2025-06-10", "0.5"),
        ("gpt-5.6-luna", "input", "2026-07-29", "1"),
        ("gpt-5.6-luna", "output", "2026-07-30", "1.2"),
        ("gpt-5.6-sol", "output", "2026-08-20", "30"),
        ("gpt-5.6-sol", "cached", "2026-08-21", "0.4"),
        ("claude-2", "output", "2023-07-11", "32.68"),
        ("claude-2", "output", "2023-11-21", "24"),
        ("gemini-1.5-flash", "input", "2024-08-11", "0.35"),
        ("gemini-1.5-flash", "output", "2024-08-12", "0.3"),
        ("gemini-2.5-flash", "output", "2025-06-17", "2.5"),
        ("deepseek-chat", "input", "2025-02-08T15:59", "0.14"),
        ("deepseek-chat", "input", "2025-02-08T16:00", "0.27"),
        ("deepseek-chat", "output", "2025-09-05T16:00", "1.68"),
        ("deepseek-v4-pro", "cached", "2026-08-01", "0.003625"),
        ("mistral-large-latest", "input", "2024-02-26", "8"),
        ("mistral-large-latest", "output", "2024-09-17", "6"),
        ("sonar-pro", "requests", "2025-04-18", "6"),
    ],
)
def test_price_in_force(model: str, meter: str, at: str, usd: str) -> None:
    assert _price(model, meter, at) == Decimal(usd)


@pytest.mark.parametrize(
    ("model", "at", "known", "usd"),
    [
        ("claude-sonnet-5", "2026-08-31", "2026-07-15", "2"),
        ("claude-sonnet-5", "2026-09-01", "2026-07-15", "3"),
        ("claude-sonnet-5", "2026-09-01", "2026-08-10", "2"),
        ("gemini-3.7-flash", "2026-12-31", LATEST, "0.75"),
        ("gemini-3.7-flash", "2027-01-01", LATEST, "1.5"),
        ("gemini-3.8-flash", "2027-01-01", LATEST, "1.5"),
    ],
)
def test_announced_and_cancelled_prices(model: str, at: str, known: str, usd: str) -> None:
    assert _price(model, "input", at, known) == Decimal(usd)


@pytest.mark.parametrize(
    ("model", "meter", "at", "other", "usd"),
    [
        ("gpt-4o-audio-preview", "audio_input", "2024-11-01", {}, "100"),
        ("gpt-4o-audio-preview", "audio_output", "2024-12-17", {}, "80"),
        ("claude-sonnet-4-20250514", "input", "2025-08-12", {"context_from": "200001"}, "6"),
        ("claude-sonnet-5", "output", "2026-10-01", {"service_tier": "batch"}, "5"),
        ("claude-sonnet-4-5-20250929", "input", "2025-10-01", {"channel": "bedrock", "region": "us"}, "3.3"),
        ("claude-sonnet-4-5-20250929", "output", "2025-10-01", {"channel": "bedrock"}, "15"),
        ("meta-llama/llama-3.3-70b-instruct:free", "output", "2025-06-01", {"channel": "openrouter"}, "0"),
        ("deepseek-v4-pro", "output", "2026-11-01", {"time_window": PEAK}, "3.96"),
        ("deepseek-v4-pro", "output", "2026-11-01", {}, "1.98"),
    ],
)
def test_price_of_a_tier_window_or_channel(model: str, meter: str, at: str, other: dict[str, str], usd: str) -> None:
    assert _price(model, meter, at, **other) == Decimal(usd)
