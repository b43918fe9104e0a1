"""What a page no longer prints stays where half a page, a column or one of two prices is missing, and ends else."""

from datetime import datetime

import polars as pl
import pytest

from pipelines.snapshots.book import TOKEN_PRICES, Reading
from pipelines.snapshots.fold_body import fold_body
from pipelines.snapshots.gone_rows import UNTIL_ACCEPTED, gone_rejects, hardly_ended
from pipelines.snapshots.refused_rows import ranges_as_before
from pipelines.snapshots.stage_body import Checked, SourceState, Staged
from tests.unit.snapshots.test_doubted_pages import observed, versions

PAGE = [
    ("1", {"model": f"m{n}", "meter": meter, "service_tier": tier})
    for n in range(12)
    for meter in ("cache_read", "input_uncached", "output")
    for tier in ("standard", "batch")
]


def left(is_gone, source="openai_pricing"):
    """(versions that stay, their reasons) where the rows that a function names are missing."""
    rows = [(usd, key) for usd, key in PAGE if not is_gone(key)]
    kept = hardly_ended(TOKEN_PRICES, source, versions(TOKEN_PRICES, *PAGE), observed(TOKEN_PRICES, *rows))
    return kept.height, set(kept["reason"])


@pytest.mark.parametrize(
    ("is_gone", "expected"),
    [
        (lambda key: key["model"] in {"m1", "m2", "m3"}, (18, {"models"})),
        (lambda key: key["model"] in {"m1", "m2"}, (12, {"models"})),
        (lambda key: key["model"] == "m1", (0, set())),
        (lambda key: key["meter"] == "cache_read" and key["service_tier"] == "batch", (12, {"column"})),
        (lambda key: key["meter"] == "cache_read" and key["model"] == "m1", (0, set())),
        (lambda key: key["service_tier"] == "batch" and key["model"] == "m1", (0, set())),
        (lambda key: key["meter"] == "output" and key["model"] == "m1", (2, {"pair"})),
        (lambda key: False, (0, set())),
    ],
)
def test_what_hardly_ended_stays(is_gone, expected):
    assert left(is_gone) == expected


def test_feeds_end_what_they_drop():
    assert left(lambda key: key["model"] in {"m1", "m2", "m3"}, source="litellm") == (0, set())


def test_what_stays_is_told_by_model():
    kept = hardly_ended(
        TOKEN_PRICES, "openai_pricing", versions(TOKEN_PRICES, *PAGE), observed(TOKEN_PRICES, *PAGE[:48])
    )
    told = gone_rejects(kept)
    assert sorted(told["place"]) == ["m10", "m11", "m8", "m9"]
    assert set(told["raw_text"]) == {"6 prices"}
    assert all(reason.endswith(UNTIL_ACCEPTED) for reason in told["reason"])


def test_a_version_that_stays_is_not_changed():
    current, rows = versions(TOKEN_PRICES, *PAGE), observed(TOKEN_PRICES, *PAGE[:48])
    gone = hardly_ended(TOKEN_PRICES, "openai_pricing", current, rows)
    rejects = gone_rejects(gone)
    state = SourceState(current, pl.DataFrame(), 1, None, rejects.clear(), datetime(2026, 3, 9))
    reading = Reading("openai_pricing", "f2", datetime(2026, 3, 2))
    checked = Checked(Staged(rows, rejects, ()), [], rows, rejects, gone)
    folded = fold_body(TOKEN_PRICES, checked, state, reading, pl.DataFrame())
    assert (folded.kept_count, folded.change.closed.height, folded.change.opened.height) == (24, 0, 0)


def sizes(long, **key):
    short = key | {"context_from": 0, "context_to": 200_001 if long else None}
    beyond = key | {"context_from": 200_001, "context_to": None}
    return [("1", short), *([("2", beyond)] if long else [])]


def test_a_price_of_long_prompts_stays_while_that_of_short_ones_ends_where_it_began():
    before = versions(TOKEN_PRICES, *sizes(long=True), *PAGE)
    ended = [("1", {"context_from": 0, "context_to": 200_001})]
    kept = hardly_ended(TOKEN_PRICES, "openai_pricing", before, observed(TOKEN_PRICES, *ended, *PAGE))
    assert kept.select("context_from", "reason").rows() == [(200_001, "longer")]
    lifted = observed(TOKEN_PRICES, *sizes(long=False), *PAGE)
    assert hardly_ended(TOKEN_PRICES, "openai_pricing", before, lifted).is_empty()


def test_where_one_long_price_is_kept_others_of_the_model_keep_their_end():
    short = [("1", {"meter": meter, "context_from": 0, "context_to": 200_001}) for meter in ("output", "cache_read")]
    long = [("2", {"meter": "output", "context_from": 200_001, "context_to": None})]
    other = [("1", {"model": "other", "context_from": 0, "context_to": 200_001})]
    listed = versions(TOKEN_PRICES, *short, *long, *other)
    printed = [(usd, key | {"context_to": None}) for usd, key in [*short, *other]]
    found = ranges_as_before(TOKEN_PRICES, observed(TOKEN_PRICES, *printed), versions(TOKEN_PRICES, *long), listed)
    assert found["context_to"].to_list() == [200_001, 200_001, None]
