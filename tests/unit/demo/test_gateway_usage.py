"""The gateway's sample: the same bytes at every call, read whole, of an account of its own; and the demo's mix."""

from datetime import date, datetime
from decimal import Decimal

import polars as pl
import pytest

from pipelines.demo import page_for
from pipelines.demo.gateway_usage import write_gateway_usage
from pipelines.demo.sample_usage import write_sample_usage
from pipelines.sources.catalog import SOURCES_BY_KEY
from tests.one_import import import_file

OCTOBER = date(2026, 10, 10)
PRINTED = {
    "gpt-5.6-luna": ("0.2", "0.02", "1.2"),
    "gpt-5.6-sol": ("4", "0.4", "20"),
    "gpt-5.5": ("5", "0.5", "30"),
    "gpt-5-mini-2025-08-07": ("0.25", "0.025", "2"),
    "o4-mini-2025-04-16": ("1.1", "0.275", "4.4"),
    "claude-opus-4-8": ("5", "0.5", "25"),
    "grok-4-1-fast-reasoning": ("1.25", "0.2", "2.5"),
}
"""USD per million tokens of input, cached input and output in September 2026; of grok those of grok-4.3."""
METERS = ("input_uncached_tokens", "cache_read_tokens", "output_tokens")


@pytest.fixture(scope="module")
def usage(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inbox")
    openai, _ = write_sample_usage(folder)
    return [import_file(file, datetime(2026, 10, 10, 8)) for file in (openai, write_gateway_usage(folder, OCTOBER))]


def test_every_bucket_is_read_and_is_of_the_gateway(usage, tmp_path):
    """86 days with usage of two models."""
    gateway = usage[1]
    assert (gateway.count.format, gateway.count.row_count, gateway.count.reject_count) == ("own_table", 172, 0)
    assert gateway.usage["account_id"].unique().to_list() == ["gateway"]
    assert write_gateway_usage(tmp_path, OCTOBER).read_bytes() == write_gateway_usage(tmp_path, OCTOBER).read_bytes()


def test_no_model_is_half_of_the_spend_of_a_month(usage):
    rows = pl.concat([one.usage for one in usage]).filter(pl.col("usage_at").dt.month() == 9)
    sums = rows.group_by("model", "service_tier").agg(pl.col(METERS).sum())
    spent: dict[str, Decimal] = {}
    for model, tier, *tokens in sums.iter_rows():
        share = Decimal("0.5") if tier == "batch" else Decimal(1)
        usd = sum(share * count * Decimal(price) for count, price in zip(tokens, PRINTED[model], strict=True))
        spent[model] = spent.get(model, Decimal()) + usd / 1_000_000
    assert set(spent) == set(PRINTED)
    assert max(spent.values()) < sum(spent.values()) / 2
    assert min(spent.values()) > sum(spent.values()) / 100


def test_one_of_its_models_is_retired_and_answered_by_another():
    source = SOURCES_BY_KEY["xai_may_2026_retirement"]
    page = page_for(OCTOBER, source.urls[0].removeprefix("https://"))
    found = source.parse(page.read_bytes()).rows.filter(model="grok-4-1-fast-reasoning")
    assert found.select("retires_on", "outcome", "replacements").rows() == [
        (date(2026, 5, 15), "reroute_rebill", "grok-4.3")
    ]
