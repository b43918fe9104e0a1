"""The comparison with augurs: the same days for both, and no gap. A peer that repeats the last day stands in for it."""

import sys

import numpy as np
import pytest

from benchmarks import forecasting

PEER = """
import json, sys
asked = json.load(open(sys.argv[1]))
print(json.dumps([[asked["values"][one - 1]] * asked["horizon"] for one in asked["origins"]]))
"""


def test_a_gap_is_filled_by_the_week_before():
    series = np.array([np.nan, 2, 3, 4, 5, 6, 7, np.nan, 9, np.nan])
    assert forecasting.filled(series).tolist() == [2, 2, 3, 4, 5, 6, 7, 2, 9, 3]


def test_both_are_held_against_the_same_days(tmp_path, monkeypatch):
    """A line that rises by 1 a day: the last day is off by 15.5 on average of 30 days, the last week's by 7 to 35."""
    (tmp_path / "augurs_work.py").write_text(PEER)
    monkeypatch.setattr(forecasting, "FOLDER", tmp_path)
    errors = forecasting.compared(np.arange(200.0), sys.executable)
    assert errors["augurs"] == pytest.approx(15.5)
    assert errors["last week"] == pytest.approx((7 * 7 + 7 * 14 + 7 * 21 + 7 * 28 + 2 * 35) / 30)
    assert errors["forecasts"] == len(range(100, 170, 9))
    assert errors["ours"] > 0
