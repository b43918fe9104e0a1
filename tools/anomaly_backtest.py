"""Holds `spend_surprise` and other ways to judge a day against real daily series: `python -m tools.anomaly_backtest`.

Of each series: alarms a quarter, and the share of days that would be found if each alone were twice as much. Nothing is
known to be wrong in the series, so each alarm counts as a false one. The other ways are here to be compared alone.
"""

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated

import numpy as np
import polars as pl
import typer

from pipelines.decisions.forecast_accuracy import daily_series
from pipelines.decisions.forecast_methods import WEEK, Array
from pipelines.decisions.spend_surprise import (
    EPISODE_DAYS,
    LEAST,
    MIN_ERRORS,
    MOST,
    QUARTER,
    RARE,
    REMEMBERED,
    episodes,
    limit_of,
    surprises,
)

TRACES = Path("../shared/traces")
SERIES = {
    "wikipedia_R_daily.csv": ("ds", "y", True),
    "pedestrians_covid_daily.csv": ("ds", "y", False),
    "nycflights13_daily.csv": ("date", "departures", False),
    "wikipedia_peyton_manning_daily.csv": ("ds", "y", True),
}
"""File: columns, and whether the values are logarithms."""
FIRST = 60
"""Days that a series is looked at before it is judged."""
WEEKS = 8
VERY_RARE = 0.993
MAD_TO_SIGMA = 1.4826

Limits = Callable[[Array], Array]


def series_of(file: Path) -> Array:
    """One of the series, a value a day."""
    day, value, is_log = SERIES[file.name]
    rows = pl.read_csv(file)
    values = rows[value].cast(pl.Float64)
    return daily_series(
        [date.fromisoformat(text) for text in rows[day]], (values.exp() if is_log else values).to_list()
    )


def alarms_and_found(surprise: Array, limits: Array) -> tuple[float, float]:
    """Alarms a quarter, and the share of days that are found if each alone is doubled."""
    known = np.isfinite(surprise + limits)
    known[:FIRST] = False
    alarms = episodes(known & (surprise > limits))
    return alarms / (known.sum() / QUARTER), float((surprise + np.log(2) > limits)[known].mean())


def chosen(surprise: Array) -> Array:
    """The limits that the program has."""
    return np.array([limit_of(surprise[:day]).surprise for day in range(surprise.size)])


def judged_share(surprise: Array) -> float:
    """Part of the days on which the program says that the series can be judged."""
    found = [limit_of(surprise[:day]) for day in range(FIRST, surprise.size)]
    return float(np.mean([one.is_judged for one in found if np.isfinite(one.surprise)]))


def always_capped(surprise: Array) -> Array:
    """The rare past surprise between two bounds, for a series of bursts as well."""
    return np.clip(_quantiles(surprise, RARE), LEAST, MOST)


def never_capped(surprise: Array) -> Array:
    """The rare past surprise, however large."""
    return np.maximum(_quantiles(surprise, VERY_RARE), LEAST)


def seasonal(surprise: Array) -> Array:
    """The rare one in units of what surprises of the last eight weeks were like: wide in a season of bursts."""
    width = np.full(surprise.size, np.nan)
    for day in range(WEEKS * WEEK, surprise.size):
        recent = surprise[day - WEEKS * WEEK : day]
        width[day] = MAD_TO_SIGMA * _median(np.abs(recent - _median(recent))) or np.nan
    limits: Array = _quantiles(surprise / width, RARE) * width
    return limits


def same_weekdays(series: Array) -> Array:
    """Logarithms over the median of the last eight equal weekdays, moved to the level of the last week."""
    logs = np.log(np.where(series > 0, series, np.nan))
    usual = np.full(logs.size, np.nan)
    for day in range(WEEKS * WEEK, logs.size):
        usual[day] = _median(logs[day - WEEKS * WEEK : day : WEEK])
    off = logs - usual
    level = [_median(off[max(0, day - WEEK) : day]) for day in range(off.size)]
    moved: Array = off - np.array(level)
    return moved


def _median(values: Array) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else float("nan")


def _quantiles(surprise: Array, share: float) -> Array:
    found = np.full(surprise.size, np.nan)
    for day in range(MIN_ERRORS, surprise.size):
        recent = surprise[max(0, day - REMEMBERED) : day]
        known = recent[np.isfinite(recent)]
        if known.size >= MIN_ERRORS:
            found[day] = np.quantile(known, share)
    return found


def main(traces: Annotated[Path, typer.Option(help="Folder of the series.")] = TRACES) -> None:
    """A table of all ways and series."""
    ways: Sequence[tuple[str, Limits, bool]] = (
        ("chosen", chosen, False),
        ("always capped", always_capped, False),
        ("never capped", never_capped, False),
        ("seasonal", seasonal, False),
        ("same weekdays, level shift", always_capped, True),
        ("same weekdays, seasonal", seasonal, True),
    )
    for name in SERIES:
        series = series_of(traces / name)
        surprise = surprises(series[None])[0]
        typer.echo(f"{name}: can be judged on {judged_share(surprise):.1%} of days (episodes of {EPISODE_DAYS} days)")
        for words, limits, is_of_weekdays in ways:
            own = same_weekdays(series) if is_of_weekdays else surprise
            alarms, found = alarms_and_found(own, limits(own))
            typer.echo(f"  {words:28} {alarms:5.2f} alarms a quarter, {found:6.1%} of doubled days found")


if __name__ == "__main__":
    typer.run(main)
