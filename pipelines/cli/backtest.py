"""`costs backtest`: the forecast held against the past of any daily series. Thinking is `forecast_accuracy`'s."""

import csv
import math
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.answer import give_answer
from pipelines.cli.decision_options import JsonOption
from pipelines.cli.rows import AsCsv, AsParquet, Limit
from pipelines.cli.terminal import BAD_INPUT, say_error

MAX_ORIGINS = 100_000


def backtest(
    file: Annotated[Path, typer.Argument(help="CSV with a header: a date and a value in each line.", dir_okay=False)],
    horizon: Annotated[int, typer.Option(min=1, max=366, help="Days ahead that are forecast.")] = 30,
    origins: Annotated[int, typer.Option(min=1, max=MAX_ORIGINS, help="Past days to forecast from, at most.")] = 1000,
    as_json: JsonOption = False,
    as_csv: AsCsv = False,
    parquet: AsParquet = None,
    limit: Limit = None,
) -> None:
    """How good the forecast of a daily series would have been: errors by method, and what its bands held.

    Each past day's future is forecast from the days before it. mase: error over that of repeating the last week; wape:
    error over the mean; within_80: share of outcomes within the band of 80 %. --csv and --parquet have the errors by
    method, --json the bands too. Exit code 2: the file makes no sense.

    Example: costs backtest daily_spend.csv --horizon 30
    """
    from pipelines.cli.views.backtest import print_backtest
    from pipelines.decisions.forecast_accuracy import backtest_of, daily_series

    try:
        series = daily_series(*_days_and_values(file))
        methods, bands, total_error = backtest_of(series, horizon, origins)
    except ValueError as error:
        say_error(f"costs backtest: {file}: {error}")
        raise typer.Exit(BAD_INPUT) from error
    answer = {"methods": methods.to_dicts(), "bands": bands.to_dicts(), "total_error": total_error}
    answer["horizon_days"] = horizon
    give_answer(answer, "methods", print_backtest, as_json=as_json, as_csv=as_csv, parquet=parquet, limit=limit)


def _days_and_values(file: Path) -> tuple[list[date], list[float]]:
    """Raises ValueError that names the line."""
    days, values = [], []
    with file.open(newline="", encoding="utf-8-sig") as lines:
        reader = csv.reader(lines)
        next(reader, None)
        for cells in reader:
            try:
                day, value = cells[:2]
                days.append(date.fromisoformat(day.strip()))
                values.append(_finite(value))
            except ValueError as error:
                raise ValueError(f"line {reader.line_num}: {','.join(cells)!r} is no date and number") from error
    if not days:
        raise ValueError("no line of data; write a header, then lines such as 2026-11-01,12.5")
    return days, values


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value
