"""What a refused entry of a feed protects: the prices of its own id, not those that another entry states whole."""

import polars as pl
import pytest

from pipelines.snapshots.book import TOKEN_PRICES
from pipelines.snapshots.refused_rows import possibly_refused


def rows(*places):
    names = ("channel", "model", "context_from")
    data = [dict(zip(names, place, strict=True)) for place in places]
    rest = {"provider": "anthropic", "region": "global", "meter": "output", "service_tier": "standard"}
    return pl.DataFrame([rest | {"time_window": "always"} | one for one in data])


KNOWN = rows(("api", "sonnet-4-5", 0), ("api", "sonnet-4-5", 200_001), ("api", "opus-4-6", 0))
GONE = rows(("api", "sonnet-4-5", 200_001))
GOOD = rows(("api", "sonnet-4-5", 0), ("api", "opus-4-6", 0))


@pytest.mark.parametrize(
    ("place", "is_kept"),
    [
        ("bedrock/us-gov-east-1/sonnet-4-5-v1:0 output", False),  # another channel's entry, as the feed names it
        ("sonnet-4-5 output_above_200k", True),  # a field of the entry itself
        ("opus-4-6 output_above_200k", False),
    ],
)
def test_an_id_with_good_rows_is_touched_by_its_own_entry_alone(place, is_kept):
    refused = pl.DataFrame({"place": [place], "raw_text": [""], "reason": ["no number"]})
    assert possibly_refused(TOKEN_PRICES, GONE, KNOWN, refused, GOOD).height == is_kept


def test_an_id_whose_whole_entry_is_gone_may_be_any_that_names_it():
    refused = pl.DataFrame({"place": ["bedrock/sonnet-4-5-v1:0"], "raw_text": [""], "reason": ["no number"]})
    assert possibly_refused(TOKEN_PRICES, GONE, KNOWN, refused, GOOD.filter(model="opus-4-6")).height == 1


@pytest.mark.parametrize(
    ("place", "is_kept"),
    [
        ("anthropic/opus-4-6 cache_write", False),  # a count of an entry that has good rows: the maker's
        ("opus-4-6 cache_write", False),
        ("fireworks_ai/opus-4-6 output", True),  # the seller's own entry
        ("opus-4-6-fast output", True),  # an entry without good rows, of whomever
    ],
)
def test_a_seller_s_entry_that_is_gone_is_not_what_is_refused_of_the_maker_s(place, is_kept):
    """Fireworks' deepseek-v4-pro left the map, where only DeepSeek's entry had a count of 0."""
    gone = rows(("api", "opus-4-6", 0)).with_columns(provider=pl.lit("fireworks"))
    known = pl.concat([KNOWN, gone])
    refused = pl.DataFrame({"place": [place], "raw_text": ["0"], "reason": ["0 for unknown"]})
    assert possibly_refused(TOKEN_PRICES, gone, known, refused, GOOD).height == is_kept


@pytest.mark.parametrize(("reason", "kept"), [("different prices for opus-4-6 output", 1), ("no number", 0)])
def test_of_two_prices_for_one_key_of_a_page_one_may_be_any_models(reason, kept):
    refused = pl.DataFrame({"place": ["Opus 4.6"], "raw_text": ["$3"], "reason": [reason]})
    assert possibly_refused(TOKEN_PRICES, GONE, KNOWN, refused).height == kept
