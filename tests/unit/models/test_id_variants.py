"""Whose model an id is when the log does not say: one provider, the maker among several, or nobody.

Which time other intervals leave free. The other rules are tested through `candidates`.
"""

from datetime import datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.models.id_variants import END, START, Name, PriceLists, Target, inferred, outside

DAY = timedelta(days=1)
NEW_YEAR = datetime(2026, 1, 1)
SPANS = st.lists(st.tuples(st.integers(0, 50), st.integers(1, 20)), max_size=6)


def test_nothing_taken_leaves_all_of_time_and_all_taken_leaves_nothing():
    assert outside([]) == [(START, END)]
    assert outside([(START, END)]) == []


def test_a_taken_year_leaves_what_is_before_and_after():
    next_year = datetime(2027, 1, 1)
    assert outside([(NEW_YEAR, next_year)]) == [(START, NEW_YEAR), (next_year, END)]


@given(SPANS, st.integers(-1, 80))
def test_a_moment_is_free_exactly_if_no_interval_holds_it(spans, offset):
    taken = [(NEW_YEAR + start * DAY, NEW_YEAR + (start + length) * DAY) for start, length in spans]
    moment = NEW_YEAR + offset * DAY
    is_taken = any(start <= moment < end for start, end in taken)
    assert [start <= moment < end for start, end in outside(taken)].count(True) == (0 if is_taken else 1)


LISTS = PriceLists(
    pl.DataFrame(
        [
            ("groq", "api", "qwen/qwen3-32b"),
            ("deepinfra", "api", "kimi-k3"),
            ("moonshot", "api", "kimi-k3"),
            ("qwen", "api", "kimi-k4"),
            ("moonshot", "api", "kimi-k4"),
            ("perplexity", "api", "sonar-k4"),
            ("moonshot", "api", "sonar-k4"),
            ("anthropic", "api", "claude-sonnet-4-5"),
            ("anthropic", "bedrock", "claude-sonnet-4-5-20250929"),
            ("anthropic", "bedrock", "claude-3-haiku"),
            ("anthropic", "vertex", "claude-3-haiku"),
            ("anthropic", "bedrock", "claude-2.1"),
        ],
        schema=["provider", "channel", "model"],
        orient="row",
    )
)


def asked(model, channel="api", pointers=None):
    found = inferred(Name("unknown", channel, "global", model), LISTS, pointers or {})
    return (found.provider, found.channel) if isinstance(found, Name) else found


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("qwen/qwen3-32b", ("groq", "api")),
        ("kimi-k3", ("moonshot", "api")),
        ("kimi-k4", ("moonshot", "api")),  # Alibaba sells it too
        ("sonar-k4", "ambiguous: listed by moonshot, perplexity; say --provider"),
        ("claude-2.1", ("anthropic", "bedrock")),
        ("claude-3-haiku", "ambiguous: listed by anthropic on bedrock, anthropic on vertex; say --provider"),
        ("claude-2.1-20240101", None),
        ("kimi", None),
    ],
)
def test_an_id_is_its_only_listers_or_its_makers(model, expected):
    assert asked(model) == expected


def test_the_channel_of_the_log_counts_before_the_exact_id_on_another():
    assert asked("claude-sonnet-4-5-20250929") == ("anthropic", "api")
    assert asked("claude-3-haiku", "vertex") == ("anthropic", "vertex")
    assert asked("kimi-k3", "bedrock") is None


def test_a_moving_name_is_of_the_provider_that_moves_it():
    target = Target("kimi-k3", valid_from=datetime(2026, 1, 1))
    assert asked("kimi-latest", pointers={("moonshot", "api", "kimi-latest"): [target]}) == ("moonshot", "api")
    both = {(provider, "api", "latest"): [target] for provider in ("moonshot", "mistral")}
    assert asked("latest", pointers=both) is None


def test_an_undated_id_means_the_only_snapshot_of_a_provider_that_never_has_two():
    listed = pl.DataFrame(
        [
            ("anthropic", "bedrock", "us", "claude-sonnet-4-5-20250929"),
            ("anthropic", "vertex", "global", "claude-opus-4-1@20250805"),
            ("anthropic", "api", "global", "claude-3-5-sonnet-20240620"),
            ("anthropic", "api", "global", "claude-3-5-sonnet-20241022"),
            ("openai", "azure", "global", "gpt-4o-20240513"),
        ],
        schema=["provider", "channel", "region", "model"],
        orient="row",
    )
    lists = PriceLists(listed)
    asked = {
        ("anthropic", "bedrock", "claude-sonnet-4-5"): "claude-sonnet-4-5-20250929",
        ("anthropic", "vertex", "claude-opus-4-1"): "claude-opus-4-1@20250805",
        ("anthropic", "api", "claude-sonnet-4-5"): None,
        ("anthropic", "api", "claude-3-5-sonnet"): None,
        ("anthropic", "bedrock", "claude-sonnet-4"): None,
        ("openai", "azure", "gpt-4o"): None,
    }
    for (provider, channel, model), snapshot in asked.items():
        assert lists.snapshot(Name(provider, channel, "global", model)) == snapshot
    unnamed = inferred(Name("unknown", "bedrock", "us", "claude-sonnet-4-5"), lists, {})
    assert (unnamed.provider, unnamed.rule) == ("anthropic", "inferred")
