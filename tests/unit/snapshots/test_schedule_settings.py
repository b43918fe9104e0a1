"""A wrong hour or source is told with what to write, and what can be done is done meanwhile."""

import pytest

from pipelines.snapshots.schedule_settings import daily_at, hourly_sources, schedule_problems


@pytest.mark.parametrize(
    ("text", "expected"), [("", (6, 0)), ("7", (7, 0)), (" 06:30 ", (6, 30)), ("23:59", (23, 59)), ("0", (0, 0))]
)
def test_the_daily_run_is_when_the_setting_says(text, expected):
    assert daily_at({"COSTS_DAILY_AT": text}) == (expected, None)


@pytest.mark.parametrize("text", ["24", "6:5", "noon", "-1", "06:60", "6.5", "* * * * *", "7 UTC"])
def test_what_is_no_time_is_told_and_the_usual_hour_holds(text):
    moment, problem = daily_at({"COSTS_DAILY_AT": text})
    assert moment == (6, 0)
    assert text in problem.text
    assert "write an hour in UTC such as 6 or 06:30" in problem.text


def test_hourly_sources_are_those_that_there_are():
    found, problem = hourly_sources({"COSTS_HOURLY_SOURCES": "litellm, nosuch litellm"})
    assert [source.key for source in found] == ["litellm"]
    assert "'nosuch'" in problem.text
    assert hourly_sources({}) == ([], None)
    wrong = schedule_problems({"COSTS_HOURLY_SOURCES": "x", "COSTS_DAILY_AT": "y"})
    assert [one.name for one in wrong] == ["COSTS_DAILY_AT", "COSTS_HOURLY_SOURCES"]
