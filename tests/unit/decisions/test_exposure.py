"""The hidden costs that no bill shows, by hand; what nobody knows is not in the data, never 0."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from pipelines.decisions.answer_exposure import ExposureQuestion, answer_scenario
from pipelines.decisions.exposure import (
    EXPOSURES,
    Ending,
    Measure,
    data_exposure,
    deprecation,
    rate_limits,
    unpredictable_cost,
    vendor_lock_in,
)
from pipelines.decisions.scenario_file import read_scenario
from pipelines.warehouse.published import PublishedWarehouse


def values(measures: list[Measure]) -> dict[str, str | None]:
    return {one.measure: one.value for one in measures}


def test_a_rise_of_a_tenth_at_the_largest_vendor() -> None:
    """750 of 1,000: a share of 0.75, 0.5625 + 0.0625 squared, 75 a month more."""
    found = values(vendor_lock_in({"openai": Decimal(750), "anthropic": Decimal(250)}, None))
    assert found == {
        "vendors": "2",
        "share of openai": "0.7500",
        "concentration": "0.6250",
        "prices of openai rise by 10 %": "75.00",
        "moving to another vendor": None,
    }
    assert values(vendor_lock_in({}, Decimal(1500))) == {
        "share of the largest vendor": None,
        "moving to another vendor": "1500.00",
    }


def test_the_busiest_minute_against_a_limit() -> None:
    found = values(rate_limits({"requests": Fraction(90), "tokens": Fraction(500_000)}, {"tokens": 2_000_000}))
    assert found["requests in the busiest minute"] == "90"
    assert found["share of the limit of requests"] is None
    assert found["share of the limit of tokens"] == "0.2500"
    assert found["requests refused"] is None
    assert set(values(rate_limits({}, {})).values()) == {None}


def test_models_that_end() -> None:
    endings = [Ending("a", 40, Decimal(30), Decimal(5)), Ending("b", -3, None, None)]
    found = values(deprecation(endings, Decimal(120), ""))
    assert found["models in use with a known end"] == "2"
    assert found["their share of spend"] == "0.2500"
    assert found["first to end: b"] == "-3"
    assert found["replacements cost more"] == "5.00"
    (unknown,) = deprecation(None, Decimal(120), "no list was fetched")
    assert (unknown.value, unknown.how) == (None, "no list was fetched")


def test_the_dearest_day() -> None:
    """Days of 1, 2 and 6: 3 times the median; a month of 6 is 180; deviation sqrt(14 / 3) over a mean of 3."""
    days = {date(2026, 9, number): Decimal(usd) for number, usd in ((1, 1), (2, 6), (3, 2))}
    found = values(unpredictable_cost(days, Decimal(200)))
    assert found["dearest day, 2026-09-02"] == "6.00"
    assert found["dearest day over the median day"] == "3.00"
    assert found["a month of such days"] == "180.00"
    assert found["spread of the days"] == "0.7201"
    assert found["budget"] == "200.00"
    assert values(unpredictable_cost({date(2026, 9, 1): Decimal(1)}, None)) == {"dearest day over the median day": None}


def test_where_tokens_are_sent() -> None:
    places = {("openai", "api", "global"): 300, ("anthropic", "bedrock", "eu-west-1"): 100}
    found = values(data_exposure(places))
    assert found["tokens sent to third parties"] == "400"
    assert found["billed in a named region"] == "0.2500"
    assert found["openai, api, global"] == "0.7500"
    assert found["where it was processed and kept"] is None


def test_each_of_the_five_has_a_line_on_a_checkout_without_a_run(tmp_path: Path) -> None:
    """The support bot at its 1 and 3 dollars costs 1,197 a month, so a tenth is 119.70."""
    question = ExposureQuestion(date(2026, 9, 1), 30, {"requests": 100})
    answer = answer_scenario(PublishedWarehouse(tmp_path), read_scenario("support-bot"), question)
    assert list(dict.fromkeys(one["exposure"] for one in answer["measures"])) == list(EXPOSURES)
    found = {one["measure"]: one["value"] for one in answer["measures"]}
    assert found["prices of the vendor of gpt-4o rise by 10 %"] == "119.70"
    assert found["spend on models with a known end"] is None
    # 10,000 / 1,440 * 2.063 = 14.33 a minute
    assert found["requests in the busiest minute"] == "14"
    assert found["share of the limit of requests"] == "0.1433"
