"""How good forecasts were: `costs backtest` on a file of dates and values, and the record of one's own usage."""

import json
from datetime import date, timedelta

import pytest
from typer.testing import CliRunner

from pipelines.cli.main import app
from pipelines.decisions.forecast_accuracy import daily_series, forecast_accuracy
from pipelines.decisions.forecast_outlook import model_outlook
from pipelines.decisions.forecast_owners import owner_outlook
from pipelines.schema.spend import ForecastAccuracy
from tests.unit.decisions.test_forecast import ONE_PRICE, _costs, _owners, _usage

WEEK = [100, 110, 120, 130, 140, 20, 10]


def ask(file, *options):
    return CliRunner().invoke(app, ["backtest", str(file), *options])


@pytest.fixture
def file(tmp_path):
    lines = [f"{date(2026, 1, 1) + timedelta(days=n)},{WEEK[n % 7]}" for n in range(120)]
    path = tmp_path / "spend.csv"
    path.write_text("\n".join(["date,usd", *lines]))
    return path


def test_a_series_that_repeats_is_forecast_without_error(file):
    found = json.loads(ask(file, "--horizon", "14", "--json").output)
    errors = {row["method"]: row["mae"] for row in found["methods"]}
    assert errors["chosen"] < errors["trailing_mean"] / 20
    assert errors["run_rate"] == pytest.approx(sum(abs(value - 90) for value in WEEK) / 7, rel=0.05)
    assert [row["days_ahead"] for row in found["bands"]] == [1, 7, 14]


def test_people_are_told_in_words(file):
    said = ask(file)
    assert said.exit_code == 0
    assert "This series can be foretold" in said.output


def test_a_series_of_bursts_cannot_be_foretold(tmp_path):
    path = tmp_path / "bursts.csv"
    values = [5000 if n * n % 61 == 3 else n * 37 % 11 for n in range(300)]
    lines = [f"{date(2026, 1, 1) + timedelta(days=n)},{value}" for n, value in enumerate(values)]
    path.write_text("\n".join(["date,usd", *lines]))
    assert "This series cannot be foretold: totals of 30 days were off by" in ask(path).output


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("date,usd\n2026-01-01,1\n2026-13-01,2\n", "line 3: '2026-13-01,2' is no date and number"),
        ("date,usd\n2026-01-01\n", "line 2: '2026-01-01' is no date and number"),
        ("date,usd\n2026-01-01,one\n", "line 2: '2026-01-01,one' is no date and number"),
        ("date,usd\n2026-01-01,1\n2026-01-01,1\n", "2026-01-01 stands twice"),
        ("date,usd\n", "no line of data"),
        ("date,usd\n2026-01-01,1\n", "1 days are too few"),
        ("date,usd\n2026-01-01,inf\n", "line 2: '2026-01-01,inf' is no date and number"),
    ],
)
def test_a_file_that_makes_no_sense_is_named_with_its_line(tmp_path, text, said):
    path = tmp_path / "spend.csv"
    path.write_text(text)
    result = ask(path)
    assert result.exit_code == 2
    assert said in result.stderr
    assert str(path) in result.stderr.replace("\n", "")


def test_days_between_are_unknown_and_not_zero():
    series = daily_series([date(2026, 1, 3), date(2026, 1, 1)], [3.0, 1.0])
    assert series[[0, 2]].tolist() == [1.0, 3.0]
    assert series[1] != series[1]


def test_the_record_of_a_steady_series_and_of_one_that_repeats_its_week():
    # Steady: no error at all, so that nothing can be held against repeating the week. Rising by 1 % a day of the first:
    # each error is known by hand only in its sign, its shares are.
    as_of = date(2026, 10, 20)
    waves = [1_000_000 * (5 + n % 7 + (n * n) % 11) for n in range(200)]
    outlook = model_outlook(_usage(waves), _costs(), ONE_PRICE, as_of, 30, 0.0)
    table = forecast_accuracy(outlook, as_of)
    ForecastAccuracy.validate(table)
    assert table["days_ahead"].unique().sort().to_list() == [1, 7, 14, 30]
    assert set(table["scope"]) == {"model", "provider", "all"}
    one, month = (table.filter(scope="all", days_ahead=days).row(0, named=True) for days in (1, 30))
    # 200 days, the first forecast is made after 14 and one day's outcome is known of each but the last.
    assert (one["origins"], month["origins"]) == (186, 157)
    for row in (one, month):
        assert 0 < row["mase"] < 1
        assert 0 <= row["within_50"] <= row["within_80"] <= row["within_95"] <= 1
    assert one["within_80"] == pytest.approx(0.8, abs=0.1)
    steady = model_outlook(_usage([5] * 60), _costs(), ONE_PRICE, as_of, 7, 0.0)
    row = forecast_accuracy(steady, as_of).filter(scope="all", days_ahead=1).row(0, named=True)
    assert (row["mape"], row["mase"]) == (pytest.approx(0), None)


def test_owners_have_a_record_of_their_own():
    as_of = date(2026, 10, 20)
    usage = _usage([1_000_000 * (5 + n % 7) for n in range(60)])
    outlook = owner_outlook(_owners(usage), ONE_PRICE, as_of, 7, 0.0, None)
    table = ForecastAccuracy.validate(forecast_accuracy(outlook, as_of))
    assert table.select("scope", "owner").unique().sort("scope").rows() == [("account", "a"), ("project", "m-project")]
    assert set(table["model"]) == {"all"}
