"""Replays: what a method sees, what is chosen, and that nothing is known before it happened."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipelines.decisions.forecast_choice import CHOSEN, MIN_HISTORY_DAYS, method_names, replay
from pipelines.decisions.forecast_methods import METHODS, WEEK, WINDOW

WEEKS = np.arange(WINDOW, dtype=float)
"""56 days of 0 to 55: the last week is 49 to 55."""
BY_HAND = {
    "seasonal_naive": [49, 50, 51, 52, 53, 54, 55, 49],
    # The first weekday of the last four weeks: 28, 35, 42, 49.
    "weekday_mean": [38.5, 39.5, 40.5, 41.5, 42.5, 43.5, 44.5, 38.5],
    # Of eight weeks 0, 7, ..., 49 the middle is 24.5; of three 35, 42, 49 it is 42.
    "weekday_median": [24.5, 25.5, 26.5, 27.5, 28.5, 29.5, 30.5, 24.5],
    "recent_weekday_median": [42, 43, 44, 45, 46, 47, 48, 42],
    "trailing_mean": [41.5] * 8,
    "run_rate": [52] * 8,
}


@pytest.mark.parametrize("name", BY_HAND)
def test_a_method_is_what_its_name_says(name):
    assert METHODS[name](WEEKS[None, :], 8)[0].tolist() == pytest.approx(BY_HAND[name])


@pytest.mark.parametrize("name", METHODS)
@given(level=st.floats(0, 1e12), days=st.integers(1, WINDOW))
@settings(max_examples=20, deadline=None)
def test_what_is_the_same_every_day_stays_so(name, level, days):
    window = np.concatenate([np.full(WINDOW - days, np.nan), np.full(days, level)])
    assert METHODS[name](window[None, :], 9)[0] == pytest.approx(np.full(9, level), rel=1e-9)


@pytest.mark.parametrize("name", ["weekday_level", "weekday_level_of_a_week", "smoothed_level", "damped_trend"])
def test_a_profile_of_weekdays_is_kept(name):
    profile = np.array([7.0, 7, 7, 7, 7, 0, 0])
    assert METHODS[name](np.tile(profile, 8)[None, :], 14)[0] == pytest.approx(np.tile(profile, 2))


@pytest.mark.parametrize("name", ["weekday_level", "weekday_level_of_a_week"])
@pytest.mark.parametrize("little", [0.0, 5e-324, 8.6e-299, 1e-5])
def test_a_weekday_with_next_to_nothing_says_nothing_of_the_level(name, little):
    window = np.tile([100.0, 100, 100, 100, 100, little, 100], 8)
    window[-2] = 1000
    expected = METHODS[name](window[None, :], 7)[0]
    assert expected == pytest.approx([100, 100, 100, 100, 100, little, 100])


@given(arrays(float, (2, 80), elements=st.floats(0, 1e6)), st.integers(30, 79))
@settings(max_examples=30, deadline=None)
def test_nothing_is_known_before_it_happened(series, today):
    """A forecast made on a day is the same whatever comes after it."""
    found, then = replay(series, 10, 400), replay(series[:, :today], 10, 400)
    place = today - MIN_HISTORY_DAYS
    assert (found.chosen[:, place] == then.chosen[:, -1]).all()
    assert (found.picks[:, place] == then.picks[:, -1]).all()
    assert (found.scale[:, place] == then.scale[:, -1]).all()


@given(arrays(float, 90, elements=st.floats(0, 1e6)))
@settings(max_examples=20, deadline=None)
def test_a_series_is_forecast_as_it_would_be_alone(one):
    other = np.concatenate([np.full(40, np.nan), np.arange(50.0)])
    both = replay(np.stack([other, one]), 7, 400)
    alone = replay(one[None, :], 7, 400)
    assert (both.chosen[1] == alone.chosen[0]).all()


def test_the_methods_with_the_least_errors_are_chosen():
    # Saw-tooth by weekday that never changes: repeating the week errs by 0, what knows no weekday errs always.
    found = replay(np.tile([1.0, 2, 3, 4, 5, 6, 70], 20)[None, :], WEEK, 400)
    chosen = {list(METHODS)[pick] for pick in found.picks[0, -1]}
    assert len(chosen) == CHOSEN
    assert not chosen & {"trailing_mean", "run_rate"}
    assert found.chosen[0, -1] == pytest.approx([1, 2, 3, 4, 5, 6, 70])


def test_what_is_seldom_used_has_its_mean():
    found = replay(np.tile([0.0, 0, 0, 0, 500], 30)[None, :], 30, 400)
    assert method_names(found.picks[0, -1]) == "trailing_mean"
    assert found.chosen[0, -1].sum() == pytest.approx(30 * 100, rel=0.1)


def test_a_short_history_has_its_run_rate():
    found = replay(np.array([[1.0, 3.0]]), 5, 400)
    assert method_names(found.picks[0, -1]) == "run_rate"
    assert found.chosen[0, -1].tolist() == [2.0] * 5
