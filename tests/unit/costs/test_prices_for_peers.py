"""The price book in the forms of LiteLLM and genai-prices: what they say, and what is left out."""

from datetime import datetime
from decimal import Decimal

import polars as pl

from pipelines.costs.price_book import price_book
from pipelines.costs.prices_for_peers import for_genai_prices, for_litellm
from pipelines.warehouse.published import PublishedWarehouse

PLAIN = {
    "provider": "openai", "channel": "api", "region": "global", "model": "gpt-x", "service_tier": "standard",
    "context_from": 0, "time_window": "always", "unit": "mtok",
}  # fmt: skip


def book(*rows):
    return pl.DataFrame([PLAIN | row for row in rows])


def price(meter, usd, **more):
    return {"meter": meter, "usd_per_unit": Decimal(usd)} | more


BASE = (price("input_uncached", "2.5"), price("output", "10"))


def test_litellm_prices_are_by_the_token():
    told, left_out = for_litellm(
        book(
            *BASE,
            price("cache_read", "1.25"),
            price("input_uncached", "1.25", service_tier="batch"),
            price("input_uncached", "5", context_from=200_001),
            price("output", "3", time_window="mon-fri 01:00-04:00"),
        )
    )
    assert told == {
        "gpt-x": {
            "litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 2.5e-06,
            "output_cost_per_token": 1e-05, "cache_read_input_token_cost": 1.25e-06,
            "input_cost_per_token_batches": 1.25e-06, "input_cost_per_token_above_200k_tokens": 5e-06,
        }
    }  # fmt: skip
    assert left_out == 1


def test_litellm_ids_have_the_prefix_of_their_seller():
    rows = book(*(one | {"provider": name, "model": "m"} for name in ("google", "groq", "nobody") for one in BASE))
    told, left_out = for_litellm(rows)
    assert (set(told), left_out) == ({"gemini/m", "groq/m"}, 2)


def test_genai_prices_are_by_the_million_with_tiers_that_begin_above():
    told, left_out = for_genai_prices(
        book(*BASE, price("input_uncached", "5", context_from=200_001), price("output", "5", service_tier="batch"))
    )
    (provider,) = told
    assert provider["models"] == [
        {
            "id": "gpt-x",
            "match": {"equals": "gpt-x"},
            "prices": {"input_mtok": {"base": 2.5, "tiers": [{"start": 200_000, "price": 5.0}]}, "output_mtok": 10.0},
        }
    ]
    assert (provider["id"], left_out) == ("openai", 1)


def test_audio_is_never_billed_as_text():
    told, left_out = for_genai_prices(book(*BASE, price("cache_read", "1"), price("audio_input", "40")))
    assert (told, left_out) == ([], 4)


def test_the_book_of_a_day_is_that_days(tmp_path):
    """o3 came down from 10 and 40 to 2 and 8 USD on 2025-06-10."""

    def output(at):
        rows = price_book(PublishedWarehouse(tmp_path), at)
        wanted = {"provider": "openai", "channel": "api", "model": "o3", "service_tier": "standard", "meter": "output"}
        return rows.filter(**wanted, region="global", context_from=0)["usd_per_unit"].to_list()

    assert output(datetime(2025, 6, 9)) == [Decimal(40)]
    assert output(datetime(2025, 6, 11)) == [Decimal(8)]
