"""Exact rules for what an id means, with ids as providers write them."""

import polars as pl
import pytest

from pipelines.books.model_names import lifecycle_ids, price_candidates, undated


def models(*pairs):
    return pl.DataFrame(list(pairs), schema={"provider": pl.String, "model": pl.String}, orient="row")


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("gpt-5-mini-2025-08-07", "gpt-5-mini"),
        ("claude-sonnet-4-20250514", "claude-sonnet-4"),
        ("claude-3-5-sonnet-20241022", "claude-3-5-sonnet"),
        ("gpt-4-0613", "gpt-4-0613"),
        ("gpt-3.5-turbo-1106", "gpt-3.5-turbo-1106"),
        ("gpt-4o-2024-08-06-preview", "gpt-4o-2024-08-06-preview"),
        ("gpt-4o-2024", "gpt-4o-2024"),
        ("claude-opus-4-6", "claude-opus-4-6"),
        ("model20250514", "model20250514"),
    ],
)
def test_only_a_whole_date_at_the_end_names_a_snapshot(model, name):
    assert pl.DataFrame({"model": [model]}).select(undated(pl.col("model"))).item() == name


def test_candidates_are_the_id_then_its_undated_form_then_the_fee_of_any_model():
    candidates = price_candidates(models(("openai", "gpt-5-mini-2025-08-07"), ("openai", "gpt-5")))
    rows = candidates.sort("model", "exactness").select("model", "listed_model", "exactness").rows()
    assert rows == [
        ("gpt-5", "gpt-5", 0),
        ("gpt-5", "*", 2),
        ("gpt-5-mini-2025-08-07", "gpt-5-mini-2025-08-07", 0),
        ("gpt-5-mini-2025-08-07", "gpt-5-mini", 1),
        ("gpt-5-mini-2025-08-07", "*", 2),
    ]


def lifecycle(used, *listed):
    rows = lifecycle_ids(models(used), models(*listed)).select("model_id", "canonical_model", "rule").rows()
    assert all(model_id == used[1] for model_id, *_ in rows)
    return [row[1:] for row in rows]


def test_the_end_of_a_listed_id_is_its_own():
    listed = [("openai", "gpt-4o-2024-08-06"), ("openai", "gpt-4o")]
    assert lifecycle(("openai", "gpt-4o-2024-08-06"), *listed) == [("gpt-4o-2024-08-06", "exact")]
    assert lifecycle(("openai", "gpt-4o"), *listed) == [("gpt-4o", "exact")]


def test_a_snapshot_ends_with_its_model():
    assert lifecycle(("openai", "gpt-4o-2024-08-06"), ("openai", "gpt-4o")) == [("gpt-4o", "dated")]


def test_the_end_of_one_snapshot_is_not_the_end_of_the_name():
    assert lifecycle(("openai", "gpt-4o"), ("openai", "gpt-4o-2024-05-13")) == []


def test_an_anthropic_name_ends_with_its_only_snapshot():
    sonnet = ("anthropic", "claude-sonnet-4-20250514")
    assert lifecycle(("anthropic", "claude-sonnet-4"), sonnet) == [("claude-sonnet-4-20250514", "snapshot")]
    two = [("anthropic", "claude-3-5-sonnet-20240620"), ("anthropic", "claude-3-5-sonnet-20241022")]
    assert lifecycle(("anthropic", "claude-3-5-sonnet"), *two) == [], "which of the two is meant is not known"


def test_neither_other_providers_nor_prefixes_match():
    assert lifecycle(("azure", "gpt-4o"), ("openai", "gpt-4o")) == []
    assert lifecycle(("openai", "gpt-4o-mini"), ("openai", "gpt-4o")) == []
    assert lifecycle(("openai", "gpt-4"), ("openai", "gpt-4o")) == []
