"""Public holidays in a forecast: no example for other days, and themselves as those of the past."""

from datetime import date, timedelta

import numpy as np
import pytest

from pipelines.decisions.forecast_choice import replay
from pipelines.decisions.free_days import free_days
from pipelines.snapshots.holiday_setting import holidays_of

AS_OF = date(2026, 12, 21)
"""A Monday; Christmas Day is a Friday, and 26 December a Saturday."""
CHRISTMAS, NEW_YEAR = 4, 11
"""Days ahead of it."""


def working_week(days, holidays, worth):
    """100 on working days, 40 on weekends, `worth` on some days."""
    span = [AS_OF - timedelta(days=days - n) for n in range(days)]
    return np.array([[worth if day in holidays else 100.0 if day.weekday() < 5 else 40.0 for day in span]])


def forecast(series, country):
    free = free_days(country, AS_OF, series.shape[-1], 14)
    return replay(series, 14, 100, free).chosen[0, -1]


def test_no_country_is_as_before():
    series = working_week(120, (), 0)
    assert free_days(None, AS_OF, 120, 14) is None
    assert forecast(series, None)[[CHRISTMAS, NEW_YEAR]] == pytest.approx([100, 100])


def test_without_known_holidays_one_is_as_a_sunday():
    """60 days back in a part of Germany without holidays in November."""
    found = forecast(working_week(45, (), 0), "DE-HH")
    assert found[[CHRISTMAS, NEW_YEAR]] == pytest.approx([40, 40])
    assert found[[0, CHRISTMAS + 1]] == pytest.approx([100, 40])


def test_known_holidays_say_what_one_is_worth():
    """Memorial Day to Thanksgiving of 2026 in the US at 10, and they lower no usual day."""
    past = {date(2026, 5, 25), date(2026, 6, 19), date(2026, 7, 3), date(2026, 9, 7), date(2026, 10, 12),
            date(2026, 11, 11), date(2026, 11, 26)}  # fmt: skip
    series = working_week(250, past, 10.0)
    found = forecast(series, "US")
    assert found[[CHRISTMAS, NEW_YEAR]] == pytest.approx([10, 10])
    assert found[3] == pytest.approx(100)


def test_a_past_forecast_knows_no_later_holiday():
    series = working_week(250, {date(2026, 9, 7), date(2026, 10, 12), date(2026, 11, 26)}, 10.0)
    changed = series.copy()
    changed[0, -10:] = 1.0
    whole, cut = (replay(one, 14, 100, free_days("US", AS_OF, 250, 14)).chosen for one in (series, changed))
    assert whole[0, :-10] == pytest.approx(cut[0, :-10])


@pytest.mark.parametrize(
    ("text", "country", "is_wrong"),
    [("", None, False), ("DE", "DE", False), ("de-by", "DE-BY", False), ("XX", None, True), ("DE-ZZ", None, True),
     ("Germany", None, True)],
)  # fmt: skip
def test_the_setting_names_a_country_or_is_told(text, country, is_wrong):
    found, said = holidays_of({"COSTS_HOLIDAYS_OF": text})
    assert (found, said is not None) == (country, is_wrong)
    assert not is_wrong or "write one such as DE" in said


def test_where_free_days_made_forecasts_worse_they_are_days_like_others():
    """Holidays came to four times a usual day until September, and to one since: as many as 400 of 100 are expected."""
    past = [date(2026, 5, 25), date(2026, 6, 19), date(2026, 7, 3), date(2026, 9, 7), date(2026, 10, 12),
            date(2026, 11, 11), date(2026, 11, 26)]  # fmt: skip
    series = working_week(250, past[:4], 400.0)
    free = free_days("US", AS_OF, 250, 14)
    as_ever = replay(series, 14, 240, None).chosen
    assert free.applied(as_ever, series)[0, -1, CHRISTMAS] == pytest.approx(400)
    assert replay(series, 14, 240, free).chosen[0, -1] == pytest.approx(as_ever[0, -1])
