"""Whole captured pages. Counts were made with jq, grep and a regular expression; single rows were read by a person."""

from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from pipelines.schema.gpu_rates import GpuRateObservation
from pipelines.schema.lifecycles import LifecycleObservation
from pipelines.sources.gpu_rates import coreweave, runpod
from pipelines.sources.lifecycle import anthropic, openai
from pipelines.sources.parsed import Parsed

CAPTURES = Path(__file__).parents[2].parent / "shared" / "pages"
pytestmark = pytest.mark.skipif(not CAPTURES.exists(), reason="the captured pages are not on this machine")

ANTHROPIC_MODELS = {
    "2026-01-13": 22,
    "2026-02-19": 24,
    "2026-02-20": 24,
    "2026-04-15": 24,
    "2026-07-21": 29,
    "2026-08-22": 29,
}


def capture(name: str) -> bytes:
    return (CAPTURES / name).read_bytes()


def states(parsed: Parsed) -> dict[str, tuple[Any, ...]]:
    """State, announcement, retirement, precision and replacements by model."""
    columns = ("model", "state", "announced_on", "retires_on", "retires_precision", "replacements")
    rows = parsed.rows.select(columns).rows()
    assert len({row[0] for row in rows}) == len(rows)
    return {row[0]: row[1:] for row in rows}


def anthropic_states(day: str) -> dict[str, tuple[Any, ...]]:
    return states(anthropic.parse(capture(f"lifecycle/anthropic_{day}.md")))


def changed(before: str, after: str) -> set[str]:
    """Models on both pages whose state or dates moved; a rewritten replacement alone is not counted."""
    old, new = anthropic_states(before), anthropic_states(after)
    return {model for model in old.keys() & new.keys() if old[model][:-1] != new[model][:-1]}


def test_runpod_counts_and_rows() -> None:
    """48 cards x 2 clouds = 96 prices: 8 zeros, 12 times exactly 0.5, 76 rates."""
    parsed = runpod.parse(capture("gpu_rates/runpod_2026-09-29_full.json"))
    assert parsed.rows.height == 76
    assert parsed.rejects.get_column("reason").to_list() == ["placeholder 0.5"] * 12
    GpuRateObservation.validate(parsed.rows)
    rates = {
        (row["tier"], row["gpu"], row["variant"], row["memory_gb"], row["gpu_fraction"]): row["usd_per_gpu_hour"]
        for row in parsed.rows.to_dicts()
    }
    read_on_the_page = {
        ("secure", "H100", "SXM", 80, 1): "3.49",
        ("community", "H100", "SXM", 80, 1): "2.69",
        ("secure", "H100", "PCIe", 80, 1): "2.89",
        ("secure", "H100", "NVL", 94, 1): "3.19",
        ("secure", "H200", "SXM", 141, 1): "4.59",
        ("secure", "H200", "NVL", 143, 1): "3.79",
        ("secure", "B200", "", 180, 1): "6.79",
        ("community", "B300", "SXM", 288, 1): "6.94",
        ("secure", "MI300X", "OAM", 192, 1): "2.39",
        ("secure", "A100", "PCIe", 80, 1): "1.59",
        ("community", "A100", "SXM", 40, 1): "1",
        ("community", "V100", "PCIe", 16, 1): "0.19",
        ("secure", "L40S", "", 48, 1): "1.09",
        ("community", "RTX 4090", "", 24, 1): "0.34",
        ("secure", "RTX PRO 6000", "Server", 96, Decimal("0.25")): "0.59",
        ("community", "RTX PRO 6000", "Server", 96, Decimal("0.5")): "1",
        ("secure", "RTX PRO 6000", "Workstation", 96, 1): "2.19",
    }
    assert {key: rates[key] for key in read_on_the_page} == {
        key: Decimal(price) for key, price in read_on_the_page.items()
    }
    assert ("secure", "RTX 3070", "", 8, 1) not in rates
    assert ("community", "H200", "NVL", 143, 1) not in rates


def test_coreweave_rows() -> None:
    """All nine prices of the excerpt, divided by hand; three rows of seven have no on-demand price, two no spot one."""
    parsed = coreweave.parse(capture("gpu_rates/coreweave_2026-09-29_excerpt.html"))
    GpuRateObservation.validate(parsed.rows)
    assert parsed.rejects.is_empty()
    columns = ("region", "gpu", "variant", "memory_gb", "gpu_count", "pricing", "usd_per_gpu_hour", "printed")
    assert sorted(parsed.rows.select(columns).rows()) == sorted(
        [
            ("north-america", "A100", "", 80, 8, "on_demand", Decimal("2.7"), "$21.60"),
            ("north-america", "A100", "", 80, 8, "spot", Decimal("1.20625"), "$9.65"),
            ("europe", "GB200", "NVL72", 186, 4, "on_demand", Decimal("10.5"), "$42.00"),
            ("europe", "B300", "SXM", 270, 8, "spot", Decimal("4.5875"), "$36.70"),
            ("europe", "B200", "SXM", 180, 8, "on_demand", Decimal("8.6"), "$68.80"),
            ("europe", "B200", "SXM", 180, 8, "spot", Decimal("4.35875"), "$34.87"),
            ("europe", "RTX PRO 6000", "Server", 96, 8, "on_demand", Decimal("2.5"), "$20.00"),
            ("europe", "RTX PRO 6000", "Server", 96, 8, "spot", Decimal("1.37625"), "$11.01"),
            ("europe", "RTX PRO 6000", "Server", 96, 8, "spot", Decimal("1.195"), "$9.56"),
        ]
    )


def test_openai_full_page() -> None:
    """69 distinct names in the model columns, 9 of them endpoints and headers."""
    parsed = openai.parse(capture("lifecycle/openai_2025-11-13.html"))
    LifecycleObservation.validate(parsed.rows)
    found = states(parsed)
    assert len(found) == 60
    assert parsed.rejects.height == 18
    read_on_the_page = {
        "gpt-4-0314": ("2025-09-26", "2026-03-26", "gpt-5,gpt-4.1"),
        "gpt-4-turbo-preview-completions": ("2025-09-26", "2026-03-26", "gpt-5,gpt-4.1"),
        "davinci-002": ("2025-09-26", "2026-09-28", "gpt-5-mini,gpt-4.1-mini"),
        "gpt-4o-realtime-preview": ("2025-09-15", "2026-02-27", "gpt-realtime"),
        "gpt-4o-audio-preview-2024-10-01": ("2025-06-10", "2025-10-10", "gpt-4o-audio-preview"),
        "text-moderation-stable": ("2025-04-28", "2025-10-27", "omni-moderation"),
        "o1-preview": ("2025-04-28", "2025-07-28", "o3"),
        "o1-mini": ("2025-04-28", "2025-10-27", "o4-mini"),
        "gpt-4.5-preview": ("2025-04-14", "2025-07-14", "gpt-4.1"),
        "gpt-4-32k-0314": ("2024-06-06", "2025-06-06", "gpt-4o"),
        "gpt-4-vision-preview": ("2024-06-06", "2024-12-06", "gpt-4o"),
        "gpt-3.5-turbo-16k-0613": ("2023-11-06", "2024-09-13", "gpt-3.5-turbo"),
        "code-davinci-002": ("2023-07-06", "2024-01-04", "gpt-3.5-turbo-instruct"),
        "text-search-davinci-query-001": ("2023-07-06", "2024-01-04", "text-embedding-3-small"),
        "gpt-3.5-turbo-0301": ("2023-06-13", "2024-09-13", "gpt-3.5-turbo"),
        "code-cushman-001": ("2023-03-20", "2023-03-23", "gpt-4o"),
        "gpt-4-0125-preview": ("2025-09-26", "2026-03-26", "gpt-5,gpt-4.1"),
        "gpt-4o-realtime-preview-2024-10-01": ("2025-06-10", "2025-10-10", "gpt-realtime"),
        "gpt-4-1106-vision-preview": ("2024-06-06", "2024-12-06", "gpt-4o"),
        "text-davinci-003": ("2023-07-06", "2024-01-04", "gpt-3.5-turbo-instruct"),
        "text-similarity-babbage-001": ("2023-07-06", "2024-01-04", "text-embedding-3-small"),
        "text-davinci-edit-001": ("2023-07-06", "2024-01-04", "gpt-4o"),
    }
    assert {model: found[model] for model in read_on_the_page} == {
        model: ("deprecated", date.fromisoformat(announced), date.fromisoformat(retires), "day", replacements)
        for model, (announced, retires, replacements) in read_on_the_page.items()
    }


def test_openai_layouts_of_2026() -> None:
    june = states(openai.parse(capture("lifecycle/openai_2026-06_abridged.md")))
    november = states(openai.parse(capture("lifecycle/openai_2026-11_excerpt.md")))
    assert (len(june), len(november)) == (33, 8)
    deprecated, day = "deprecated", "day"
    assert june["gpt-4-1106-preview"] == (deprecated, date(2026, 4, 22), date(2026, 10, 23), day, "gpt-5.5")
    assert june["gpt-3.5-turbo-completions"][2:] == (date(2026, 10, 23), day, "gpt-5.4-mini")
    assert june["dall-e-2"][-1] == "gpt-image-2,gpt-image-1,gpt-image-1-mini"
    assert june["sora-2"] == (deprecated, date(2026, 3, 24), date(2026, 9, 24), day, None)
    assert june["gpt-image-1-mini"][-1] == "gpt-image-2"
    assert november["gpt-image-1-mini"][-1] == "gpt-image-2.6-sunburst,gpt-image-2.6-flare"
    assert november["gpt-5-2025-08-07"] == (deprecated, date(2026, 6, 11), date(2026, 12, 11), day, "gpt-6.1-sol")


@pytest.mark.parametrize(("day", "models"), ANTHROPIC_MODELS.items())
def test_anthropic_counts(day: str, models: int) -> None:
    parsed = anthropic.parse(capture(f"lifecycle/anthropic_{day}.md"))
    LifecycleObservation.validate(parsed.rows)
    assert parsed.rows.height == models
    assert set(parsed.rejects.get_column("place")) <= {"API parameter deprecations"}


def test_anthropic_moves_between_the_captures() -> None:
    """What a person finds by comparing the six pages side by side."""
    days = list(ANTHROPIC_MODELS)
    assert [changed(before, after) for before, after in pairwise(days)] == [
        set(),
        {"claude-3-haiku-20240307", "claude-3-5-haiku-20241022", "claude-3-7-sonnet-20250219"},
        {"claude-opus-4-20250514", "claude-sonnet-4-20250514"},
        {
            "claude-opus-4-20250514",
            "claude-sonnet-4-20250514",
            "claude-3-haiku-20240307",
            "claude-opus-4-1-20250805",
        },
        {"claude-opus-4-1-20250805"},
    ]
    new = [set(anthropic_states(after)) - set(anthropic_states(before)) for before, after in pairwise(days)]
    assert new == [
        {"claude-opus-4-6", "claude-sonnet-4-6"},
        set(),
        set(),
        {"claude-fable-5", "claude-opus-4-8", "claude-opus-4-7", "claude-sonnet-5", "claude-mythos-preview"},
        {"claude-opus-5"},
    ]


def test_anthropic_rows_of_single_days() -> None:
    haiku, opus = "claude-3-haiku-20240307", "claude-opus-4-20250514"
    assert anthropic_states("2026-02-19")[haiku] == ("active", None, date(2025, 3, 7), "floor", None)
    assert anthropic_states("2026-02-20")[haiku] == (
        *("deprecated", date(2026, 2, 19), date(2026, 4, 20), "day"),
        "claude-haiku-4-5-20251001",
    )
    assert anthropic_states("2026-02-20")[opus] == ("active", None, date(2026, 5, 14), "floor", None)
    announced = (date(2026, 4, 14), date(2026, 6, 15), "day")
    assert anthropic_states("2026-04-15")[opus] == ("deprecated", *announced, "claude-opus-4-6")
    assert anthropic_states("2026-07-21")[opus] == ("retired", *announced, "claude-opus-4-8")
    assert [anthropic_states(day)["claude-3-7-sonnet-20250219"][-1] for day in ANTHROPIC_MODELS] == [
        "claude-sonnet-4-5-20250929",
        *["claude-opus-4-6"] * 3,
        *["claude-sonnet-4-6"] * 2,
    ]
    assert anthropic_states("2026-01-13")["claude-instant-1.2"][:3] == (
        *("retired", date(2024, 9, 4)),
        date(2024, 11, 6),
    )


def test_anthropic_rows_of_the_newest_capture() -> None:
    """All 29 rows, typed from the page; the five captures before it follow from the moves, which are checked."""
    opus, sonnet, haiku = "claude-opus-4-8", "claude-sonnet-4-6", "claude-haiku-4-5-20251001"
    floors = {
        "claude-fable-5": "2027-06-09",
        "claude-opus-5": "2027-07-24",
        "claude-opus-4-8": "2027-05-28",
        "claude-opus-4-7": "2027-04-16",
        "claude-opus-4-6": "2027-02-05",
        "claude-opus-4-5-20251101": "2026-11-24",
        "claude-sonnet-5": "2027-06-30",
        "claude-sonnet-4-6": "2027-02-17",
        "claude-sonnet-4-5-20250929": "2026-09-29",
        "claude-haiku-4-5-20251001": "2026-10-15",
    }
    retired = {
        "claude-opus-4-1-20250805": ("2026-06-05", "2026-08-05", opus),
        "claude-opus-4-20250514": ("2026-04-14", "2026-06-15", opus),
        "claude-sonnet-4-20250514": ("2026-04-14", "2026-06-15", sonnet),
        "claude-3-haiku-20240307": ("2026-02-19", "2026-04-20", haiku),
        "claude-3-5-haiku-20241022": ("2025-12-19", "2026-02-19", haiku),
        "claude-3-7-sonnet-20250219": ("2025-10-28", "2026-02-19", sonnet),
        "claude-3-5-sonnet-20240620": ("2025-08-13", "2025-10-28", sonnet),
        "claude-3-5-sonnet-20241022": ("2025-08-13", "2025-10-28", sonnet),
        "claude-3-opus-20240229": ("2025-06-30", "2026-01-05", opus),
        "claude-2.0": ("2025-01-21", "2025-07-21", opus),
        "claude-2.1": ("2025-01-21", "2025-07-21", opus),
        "claude-3-sonnet-20240229": ("2025-01-21", "2025-07-21", sonnet),
        **{f"claude-1.{number}": ("2024-09-04", "2024-11-06", haiku) for number in range(4)},
        **{f"claude-instant-1.{number}": ("2024-09-04", "2024-11-06", haiku) for number in range(3)},
    }
    day = date.fromisoformat
    assert anthropic_states("2026-08-22") == {
        **{model: ("active", None, day(floor), "floor", None) for model, floor in floors.items()},
        **{model: ("retired", day(told), day(end), "day", name) for model, (told, end, name) in retired.items()},
    }
