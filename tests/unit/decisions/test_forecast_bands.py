"""Bands: they hold what they promise, and rest on nothing that was not known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipelines.decisions.forecast_bands import LEVELS, MIN_ERRORS, error_bounds


def within(errors: np.ndarray, delay: int) -> np.ndarray:
    low, high = error_bounds(errors, delay)
    has_band = np.isfinite(low[..., 0])
    return ((errors[..., None] >= low) & (errors[..., None] <= high))[has_band].mean(axis=0)


@pytest.mark.parametrize("delay", [1, 7, 30])
@pytest.mark.parametrize(
    "draw",
    [
        lambda random, size: random.normal(0, 1, size),
        lambda random, size: random.pareto(2, size),
        lambda random, size: random.normal(0, 1 + np.arange(size[1]) / 300, size),
        lambda random, size: random.normal(0, 1, size) + (np.arange(size[1]) > 700) * 2,
    ],
    ids=["normal", "heavy tail", "growing", "break"],
)
def test_as_many_outcomes_lie_within_as_promised(draw, delay):
    errors = draw(np.random.default_rng(5), (3, 1500))
    assert within(errors, delay) == pytest.approx(LEVELS, abs=0.03)


@given(arrays(float, (1, 90), elements=st.floats(-1e6, 1e6)), st.integers(1, 20), st.integers(40, 89))
@settings(max_examples=30, deadline=None)
def test_an_end_knows_only_what_had_come(errors, delay, today):
    later = errors.copy()
    later[:, today - delay + 1 :] = 1e9
    for end, end_later in zip(error_bounds(errors, delay), error_bounds(later, delay), strict=True):
        assert np.array_equal(end[:, : today + 1], end_later[:, : today + 1], equal_nan=True)


def test_few_errors_give_no_band():
    low, high = error_bounds(np.arange(30.0)[None, :], 1)
    assert np.isnan(low[0, :MIN_ERRORS]).all()
    assert np.isfinite(low[0, MIN_ERRORS:]).all()
    assert (low[0, MIN_ERRORS:] <= high[0, MIN_ERRORS:]).all()


def test_unknown_errors_are_left_out():
    errors = np.random.default_rng(7).normal(0, 1, (1, 200))
    gaps = errors.copy()
    gaps[:, 50:60] = np.nan
    low, _ = error_bounds(gaps, 1)
    assert np.isfinite(low[0, 60:]).all()
