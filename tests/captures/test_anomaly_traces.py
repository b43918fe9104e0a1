"""Days that stand out in real daily series: how many, and how many doubled days are found (docs/budgets.md)."""

import numpy as np
import pytest

from pipelines.decisions.spend_anomaly import limit_of, surprises
from tests.captures.test_forecast_traces import TRACES, series_of

pytestmark = pytest.mark.skipif(not TRACES.is_dir(), reason="the real series lie in ../shared, which is not there")
QUARTER = 365.25 / 4
FIRST, EPISODE_DAYS = 60, 7
"""Days that a series is looked at before it is judged; days within which the next alarm is the same one's."""


def alarms_and_found(name):
    """Alarms per quarter, and the share of days that would be found if each alone were twice as dear."""
    surprise = surprises(series_of(name)[None])[0]
    alarms, last, found = 0, -EPISODE_DAYS - 1, []
    for day in range(FIRST, surprise.size):
        limit = limit_of(surprise[:day])
        if not np.isfinite(limit + surprise[day]):
            continue
        found.append(surprise[day] + np.log(2) > limit)
        if surprise[day] > limit:
            alarms += day - last > EPISODE_DAYS
            last = day
    return alarms / (len(found) / QUARTER), np.mean(found)


@pytest.mark.parametrize("name", ["wikipedia_R_daily.csv", "pedestrians_covid_daily.csv", "nycflights13_daily.csv"])
def test_at_most_one_alarm_a_quarter_and_nearly_every_doubled_day_is_found(name):
    alarms, found = alarms_and_found(name)
    assert alarms <= 1
    assert found >= 0.95


def test_a_series_of_natural_bursts_has_more_alarms():
    """Football nights are two to ten times a usual day: what is found is that, and half of what is injected."""
    alarms, found = alarms_and_found("wikipedia_peyton_manning_daily.csv")
    assert alarms <= 4
    assert found >= 0.6
