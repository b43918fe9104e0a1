"""Days that stand out in real daily series: how many, and how many doubled days are found (docs/budgets.md)."""

import numpy as np
import pytest

from pipelines.decisions.spend_surprise import surprises
from tests.captures.test_forecast_traces import TRACES
from tools.anomaly_backtest import alarms_and_found, chosen, judged_share, series_of

pytestmark = pytest.mark.skipif(not TRACES.is_dir(), reason="the real series lie in ../shared, which is not there")


def surprises_of(name):
    return surprises(series_of(TRACES / name)[None])[0]


@pytest.mark.parametrize("name", ["wikipedia_R_daily.csv", "pedestrians_covid_daily.csv", "nycflights13_daily.csv"])
def test_at_most_one_alarm_a_quarter_and_nearly_every_doubled_day_is_found(name):
    surprise = surprises_of(name)
    alarms, found = alarms_and_found(surprise, chosen(surprise))
    assert alarms <= 1
    assert found >= 0.95
    assert judged_share(surprise) == 1


def test_a_series_of_natural_bursts_cannot_be_judged_and_says_so():
    """Football nights are two to ten times a usual day: a doubled day is nothing special among them."""
    surprise = surprises_of("wikipedia_peyton_manning_daily.csv")
    alarms, found = alarms_and_found(surprise, chosen(surprise))
    assert alarms <= 1
    assert 0.15 < found < 0.95
    assert judged_share(surprise) <= 0.01


def test_the_judge_counts_alarms_a_week_apart_and_doubled_days():
    """100 days after the first 60: 100 over 91.3 quarters; days 70 and 72 are one alarm, 90 is another."""
    surprise = np.zeros(160)
    surprise[[70, 72, 90]] = 1.0
    alarms, found = alarms_and_found(surprise, np.full(160, 0.5))
    assert alarms == pytest.approx(2 / (100 / 91.3125))
    assert found == 1
    assert alarms_and_found(surprise, np.full(160, 0.7))[1] == pytest.approx(3 / 100)
