"""What a bucket does not tell: the sizes of its prompts, and the hours of its requests."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from tests.unit.costs.priced_rows import BUCKET, BY_SIZE, PEAK_HOURS, price, segment

FRIDAY = datetime(2026, 11, 20)


def bucket(start, end, **more):
    """One of a Friday, by its hours."""
    span = {"usage_at": FRIDAY + timedelta(hours=start), "usage_until": FRIDAY + timedelta(hours=end)}
    return {"grain": "bucket", "output_tokens": 1_000_000} | span | more


@pytest.mark.parametrize("cheap", ["always", PEAK_HOURS])
@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        (0, 24, "both"),
        (0, 2, "both"),
        (3, 5, "both"),
        (0, 1, "always"),
        (4, 6, "always"),
        (10, 24 + 24, "always"),  # over a Saturday without peak hours
        (10, 24 + 24 + 26, "both"),
        (1, 2, PEAK_HOURS),
        (6, 10, PEAK_HOURS),
    ],
)
def test_a_bucket_costs_the_least_of_its_hours_and_is_flagged_if_they_differ(start, end, hours, cheap):
    dear = ({"always", PEAK_HOURS} - {cheap}).pop()
    prices = [segment("output", "2", time_window=cheap), segment("output", "5", time_window=dear, price_id="dear")]
    costs = price([bucket(start, end)], prices)
    expected = 2 if hours in ("both", cheap) else 5
    assert costs.select("cost_usd", "is_lower_bound").rows() == [(Decimal(expected), hours == "both")]


@pytest.mark.parametrize(
    ("start", "end", "usd", "is_lower_bound"),
    [
        (0, 24, 3, True),
        (5, 6, 4, False),  # ends where the price changes
        (5, 7, 3, True),
        (6, 7, 3, False),
        (-24, 6, 4, False),
        (-24, 7, 3, True),  # began the day before
        (7, 18, 3, False),
        (17, 19, 3, True),
        (18, 24, 9, False),
    ],
)
def test_a_bucket_in_which_the_price_changes_costs_the_least_and_is_flagged(start, end, usd, is_lower_bound):
    cut, rise = FRIDAY + timedelta(hours=6), FRIDAY + timedelta(hours=18)
    prices = [
        segment("output", 4, 0, valid_to=cut),
        segment("output", 3, 1, valid_from=cut, valid_to=rise),
        segment("output", 9, 2, valid_from=rise),
    ]
    costs = price([bucket(start, end), bucket(start, end, output_tokens=0, requests=1)], prices)
    assert costs.select("cost_usd", "is_lower_bound").rows() == [(Decimal(usd), is_lower_bound)]


def test_a_bucket_of_the_day_of_the_first_price_has_that_price_and_is_flagged():
    prices = [segment("output", 4, valid_from=FRIDAY + timedelta(hours=17))]
    costs = price([bucket(0, 24), bucket(0, 17, project_id="early")], prices).sort("project_id", nulls_last=True)
    assert costs.select("cost_usd", "is_lower_bound", "unpriced_reason").rows() == [
        (None, False, "before_first_price"),
        (Decimal(4), True, None),
    ]


def test_a_bucket_in_which_a_price_ends_without_another_is_flagged():
    prices = [segment("output", 4, valid_to=FRIDAY + timedelta(hours=17))]
    costs = price([bucket(0, 24)], prices)
    assert costs.select("cost_usd", "is_lower_bound").rows() == [(Decimal(4), True)]


def test_a_change_of_the_evidence_alone_flags_no_bucket():
    noon = FRIDAY + timedelta(hours=12)
    prices = [segment("output", 4, 0, valid_to=noon), segment("output", 4, 1, valid_from=noon)]
    costs = price([bucket(0, 24)], prices)
    assert costs.select("price_id", "cost_usd", "is_lower_bound").rows() == [("output-0", Decimal(4), False)]


def test_a_bucket_is_priced_as_short_prompts_and_says_so():
    costs = price([BUCKET | {"input_uncached_tokens": 5_000_000}], BY_SIZE)
    assert costs.select("price_id", "cost_usd", "is_lower_bound").rows() == [("short", Decimal("12.5"), True)]


def test_a_session_is_priced_as_short_prompts_and_says_so():
    session = BUCKET | {"grain": "session", "input_uncached_tokens": 5_000_000}
    costs = price([session], BY_SIZE)
    assert costs.select("price_id", "cost_usd", "is_lower_bound").rows() == [("short", Decimal("12.5"), True)]
