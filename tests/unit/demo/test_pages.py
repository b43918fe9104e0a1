"""The recorded pages: each is a healthy answer of its source, and the changes of 2026 stand between the dates.

Figures are typed from what the providers published then, not from the parsers.
"""

import re
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import polars as pl
import pytest

from pipelines.demo import DATES, PAGES, page_for
from pipelines.demo.replay import recorded_sources
from pipelines.sources.catalog import SOURCES_BY_KEY, Source, relocated
from pipelines.sources.parsed import Parsed

MAX_BYTES = 12_000
JULY_29, JULY_31, AUGUST_22, SEPTEMBER_29, OCTOBER_10 = DATES
RECORDED = recorded_sources()
KEYS = [source.key for source in RECORDED]


def path_of(source: Source) -> str:
    """The recorded one of the forms of a page."""
    paths = [urlsplit(url).netloc + urlsplit(url).path for url in source.urls]
    return next(path for path in paths if page_for(JULY_29, path))


def parsed(key: str, on: date) -> Parsed:
    source = SOURCES_BY_KEY[key]
    page = page_for(on, path_of(source))
    assert page is not None
    return source.parse(page.read_bytes())


def token_prices(key: str, on: date, model: str, tier: str = "standard", context_from: int = 0) -> list[Decimal | None]:
    """Input, cached input, output in USD per million tokens; None where the page prints none."""
    rows = parsed(key, on).rows.filter(
        (pl.col("model") == model) & (pl.col("service_tier") == tier) & (pl.col("context_from") == context_from)
    )
    usd: dict[str, Decimal] = dict(rows.select("meter", "usd_per_unit").iter_rows())
    return [usd.get(meter) for meter in ("input_uncached", "cache_read", "output")]


def usd(*amounts: str) -> list[Decimal]:
    return [Decimal(amount) for amount in amounts]


def h100_sxm(on: date, tier: str) -> Decimal:
    rows = parsed("runpod_rates", on).rows.filter(
        (pl.col("gpu") == "H100") & (pl.col("variant") == "SXM") & (pl.col("tier") == tier)
    )
    rate: Decimal = rows["usd_per_gpu_hour"].item()
    return rate


def lifecycle(key: str, on: date, model: str) -> tuple[Any, ...]:
    rows = parsed(key, on).rows.filter(pl.col("model") == model)
    return rows.select("state", "announced_on", "retires_on", "retires_precision", "replacements").row(0)


@pytest.mark.parametrize("on", DATES, ids=str)
@pytest.mark.parametrize("key", KEYS)
def test_every_page_is_a_healthy_answer_without_a_reject(key: str, on: date) -> None:
    page = parsed(key, on)
    assert page.rows.height >= SOURCES_BY_KEY[key].min_rows
    assert page.rejects.rows() == []


@pytest.mark.parametrize("key", KEYS)
def test_no_page_loses_a_fifth_of_its_rows_from_one_date_to_the_next(key: str) -> None:
    counts = [parsed(key, on).rows.height for on in DATES]
    assert all(5 * later >= 4 * earlier for earlier, later in pairwise(counts))


def test_every_file_is_small_and_belongs_to_a_source_and_a_date() -> None:
    known = {(day.isoformat(), path_of(source)) for day in DATES for source in RECORDED}
    files = [file for file in PAGES.rglob("*") if file.is_file()]
    found = {(file.relative_to(PAGES).parts[0], file.relative_to(PAGES).as_posix().split("/", 1)[1]) for file in files}
    assert found <= known
    assert {path for day, path in found if day == "2026-07-29"} == {path_of(source) for source in RECORDED}
    assert max(file.stat().st_size for file in files) < MAX_BYTES


def test_a_file_is_where_the_catalog_relocates_its_page_to() -> None:
    base = "http://127.0.0.1:8000"
    asked = {relocated(url, base).removeprefix(f"{base}/") for source in RECORDED for url in source.urls}
    assert {path_of(source) for source in RECORDED} <= asked


def test_the_demo_asks_the_sources_of_every_kind() -> None:
    assert KEYS == [
        "anthropic_pricing", "openai_pricing", "litellm", "simonw_llm_prices", "runpod_rates", "coreweave_rates",
        "openai_deprecations", "anthropic_deprecations", "xai_may_2026_retirement",
    ]  # fmt: skip


def test_page_for_gives_the_latest_file_at_or_before_the_date() -> None:
    path = "api.runpod.io/graphql"
    assert page_for(date(2026, 7, 28), path) is None
    assert page_for(date(2026, 9, 28), path) == PAGES / "2026-07-29" / path
    assert page_for(date(2026, 9, 29), path) == PAGES / "2026-09-29" / path
    assert page_for(date(2027, 1, 1), path) == PAGES / "2026-10-10" / path


@pytest.mark.parametrize(
    "path", ["example.com/pricing", "", "www.coreweave.com", "../2026-07-29/api.runpod.io/graphql"]
)
def test_page_for_is_none_for_what_is_no_recorded_page(path: str) -> None:
    assert page_for(OCTOBER_10, path) is None


def test_page_for_does_not_leave_the_folder() -> None:
    assert page_for(OCTOBER_10, str(PAGES / "2026-07-29" / "api.runpod.io" / "graphql")) is None


def test_luna_is_cut_by_80_percent_between_the_first_two_dates() -> None:
    """1 / 0.1 / 6 -> 0.2 / 0.02 / 1.2 on 2026-07-30; above 272K tokens 2 / 0.2 / 9 -> 0.4 / 0.04 / 1.8."""
    assert token_prices("openai_pricing", JULY_29, "gpt-5.6-luna") == usd("1", "0.1", "6")
    assert token_prices("openai_pricing", JULY_31, "gpt-5.6-luna") == usd("0.2", "0.02", "1.2")
    assert token_prices("openai_pricing", JULY_29, "gpt-5.6-luna", context_from=272_001) == usd("2", "0.2", "9")
    assert token_prices("openai_pricing", JULY_31, "gpt-5.6-luna", context_from=272_001) == usd("0.4", "0.04", "1.8")
    assert token_prices("openai_pricing", JULY_31, "gpt-5.6-luna", "batch") == [Decimal("0.1"), None, Decimal("0.6")]


def test_sol_and_terra_are_cut_on_the_page() -> None:
    assert token_prices("openai_pricing", JULY_31, "gpt-5.6-sol") == usd("5", "0.5", "30")
    assert token_prices("openai_pricing", AUGUST_22, "gpt-5.6-sol") == usd("4", "0.4", "20")
    assert token_prices("openai_pricing", JULY_29, "gpt-5.6-terra") == usd("2.5", "0.25", "15")
    assert token_prices("openai_pricing", JULY_31, "gpt-5.6-terra") == usd("2", "0.2", "12")


def test_the_aggregator_follows_the_cuts_later() -> None:
    """Its snapshot of 2026-07-30 has the old luna, that of 2026-08-22 the new luna and the old sol."""
    assert token_prices("litellm", JULY_31, "gpt-5.6-luna") == usd("1", "0.1", "6")
    assert token_prices("litellm", AUGUST_22, "gpt-5.6-luna") == usd("0.2", "0.02", "1.2")
    assert token_prices("litellm", AUGUST_22, "gpt-5.6-sol") == usd("5", "0.5", "30")
    assert token_prices("litellm", SEPTEMBER_29, "gpt-5.6-sol") == usd("4", "0.4", "20")


def test_another_aggregator_never_follows_the_cut_of_sol() -> None:
    """llm-prices dates the cuts of luna and terra, and has sol as it was."""
    assert token_prices("simonw_llm_prices", JULY_29, "gpt-5.6-luna") == usd("1", "0.1", "6")
    assert token_prices("simonw_llm_prices", OCTOBER_10, "gpt-5.6-sol") == usd("5", "0.5", "30")


def test_one_model_is_new_and_two_vanish_after_their_end_on_2026_08_10() -> None:
    models = {on: set(parsed("openai_pricing", on).rows["model"]) for on in DATES}
    assert models[JULY_31] == models[JULY_29]
    assert models[AUGUST_22] ^ models[JULY_31] == {"gpt-5.2-chat-latest", "gpt-5.3-chat-latest"}
    assert models[SEPTEMBER_29] ^ models[AUGUST_22] == {"gpt-6-astra"}
    assert "gpt-6-astra" in models[OCTOBER_10]


@pytest.mark.parametrize(
    ("key", "model", "amounts"),
    [
        ("openai_pricing", "gpt-5-mini", ("0.25", "0.025", "2")),
        ("openai_pricing", "o4-mini", ("1.1", "0.275", "4.4")),
        ("anthropic_pricing", "claude-sonnet-4-6", ("3", "0.3", "15")),
        ("anthropic_pricing", "claude-haiku-4-5", ("1", "0.1", "5")),
        ("anthropic_pricing", "claude-opus-4-1", ("15", "1.5", "75")),
        ("litellm", "gpt-5-mini-2025-08-07", ("0.25", "0.025", "2")),
        ("litellm", "o4-mini-2025-04-16", ("1.1", "0.275", "4.4")),
        ("litellm", "claude-sonnet-4-6", ("3", "0.3", "15")),
        ("litellm", "claude-haiku-4-5-20251001", ("1", "0.1", "5")),
        ("litellm", "claude-opus-4-1-20250805", ("15", "1.5", "75")),
    ],
)
def test_models_of_the_sample_usage_cost_the_same_on_all_dates(key: str, model: str, amounts: tuple[str, ...]) -> None:
    assert [token_prices(key, on, model) for on in DATES] == [usd(*amounts)] * len(DATES)


def test_anthropic_prints_cache_writes_and_the_search_fee() -> None:
    rows = parsed("anthropic_pricing", JULY_29).rows
    sonnet = rows.filter((pl.col("model") == "claude-sonnet-4-6") & pl.col("meter").str.starts_with("cache_write"))
    assert sorted(sonnet.select("meter", "usd_per_unit").rows()) == [
        ("cache_write_1h", Decimal("6.00")),
        ("cache_write_5m", Decimal("3.75")),
    ]
    fee = rows.filter(pl.col("meter") == "web_searches").select("model", "usd_per_unit", "unit").rows()
    assert fee == [("*", Decimal(10), "thousand_calls")]


def test_the_secure_h100_rises_twice_while_the_community_one_stays() -> None:
    secure = [h100_sxm(on, "secure") for on in DATES]
    assert secure == usd("3.29", "3.29", "3.29", "3.49", "3.99")
    assert [h100_sxm(on, "community") for on in DATES] == usd("2.69") * len(DATES)


def test_coreweave_prints_instances_of_eight() -> None:
    """$49.24 / 8 = 6.155 and $19.71 / 8 = 2.46375 for the H100 of 2026-10-10."""
    rows = parsed("coreweave_rates", OCTOBER_10).rows.filter(pl.col("sku") == "hgx-h100")
    found = rows.select("gpu", "variant", "gpu_count", "pricing", "usd_per_gpu_hour").rows()
    assert found == [
        ("H100", "SXM", 8, "on_demand", Decimal("6.155")),
        ("H100", "SXM", 8, "spot", Decimal("2.46375")),
    ]


def test_two_openai_models_in_use_end_within_90_days_and_their_replacement_has_a_price() -> None:
    """From 2026-10-10 it is 13 days to 2026-10-23 and 62 to 2026-12-11."""
    found = [lifecycle("openai_deprecations", OCTOBER_10, m) for m in ("o4-mini-2025-04-16", "gpt-5-mini-2025-08-07")]
    assert found == [
        ("deprecated", date(2026, 4, 22), date(2026, 10, 23), "day", "gpt-5.6-terra"),
        ("deprecated", date(2026, 6, 11), date(2026, 12, 11), "day", "gpt-5.6-terra"),
    ]
    assert token_prices("openai_pricing", OCTOBER_10, "gpt-5.6-terra") == usd("2", "0.2", "12")


def test_opus_4_1_is_retired_in_august() -> None:
    said = (date(2026, 6, 5), date(2026, 8, 5), "day", "claude-opus-4-8")
    assert lifecycle("anthropic_deprecations", JULY_31, "claude-opus-4-1-20250805") == ("deprecated", *said)
    assert lifecycle("anthropic_deprecations", AUGUST_22, "claude-opus-4-1-20250805") == ("retired", *said)
    floor = ("active", None, date(2026, 10, 15), "floor", None)
    assert lifecycle("anthropic_deprecations", OCTOBER_10, "claude-haiku-4-5-20251001") == floor


def test_openai_announcements_stand_in_sections_of_the_old_layout() -> None:
    page = page_for(JULY_29, "developers.openai.com/api/docs/deprecations")
    assert page is not None
    assert len(re.findall(r"(?m)^### \d{4}-\d{2}-\d{2}: ", page.read_text())) == 7
