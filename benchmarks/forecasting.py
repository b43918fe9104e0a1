"""Our forecast held against augurs on real daily series: `python -m benchmarks.forecasting`; `make bench` installs it.

From every ninth day that has a year before it, 30 days ahead. Errors are means over all of these days; what a series
lacks is filled with the same weekday of the week before, for both, as augurs takes no gaps.
"""

import json
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from benchmarks.settings import FOLDER, PEERS_PYTHON
from pipelines.decisions.forecast_choice import replay
from pipelines.decisions.forecast_methods import WEEK, Array, seasonal_naive
from tools.anomaly_backtest import SERIES, TRACES, series_of

HORIZON, STEP, FIRST = 30, 9, 365


def compared(series: Array, peers_python: Path = PEERS_PYTHON) -> dict[str, float]:
    """Mean errors of ours, of augurs and of repeating the last week, and how many forecasts were made."""
    whole = filled(series)
    origins = list(range(min(FIRST, whole.size // 2), whole.size - HORIZON, STEP))
    found = replay(whole[None], HORIZON, whole.size)
    places = np.array(origins) - (whole.size + 1 - found.chosen.shape[1])
    actual = found.actual[0, places]
    forecasts = {
        "ours": found.chosen[0, places],
        "augurs": peer_forecasts(whole, origins, peers_python),
        "last week": seasonal_naive(found.windows[0, places], HORIZON),
    }
    errors = {name: float(np.abs(forecast - actual).mean()) for name, forecast in forecasts.items()}
    return errors | {"forecasts": float(len(origins))}


def filled(series: Array) -> Array:
    """Without gaps: each as a week before, the first week as the first known day."""
    whole = series.copy()
    for day in np.flatnonzero(~np.isfinite(whole)):
        whole[day] = whole[day - WEEK] if day >= WEEK else whole[np.isfinite(whole)][0]
    return whole


def peer_forecasts(whole: Array, origins: Sequence[int], peers_python: Path) -> Array:
    """What augurs expects from each origin, (origin, day ahead)."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as question:
        json.dump({"values": whole.tolist(), "origins": list(origins), "horizon": HORIZON}, question)
        question.flush()
        command = [str(peers_python), str(FOLDER / "augurs_work.py"), question.name]
        done = subprocess.run(command, capture_output=True, check=True, text=True)  # noqa: S603 - our own program
    return np.array(json.loads(done.stdout), dtype=np.float64)


def main(
    traces: Annotated[Path, typer.Option(help="Folder of the series.")] = TRACES,
    peers_python: Annotated[Path, typer.Option(help="Python that has augurs.")] = PEERS_PYTHON,
) -> None:
    """A line for each series: ours and augurs over the error of repeating the last week."""
    for name in SERIES:
        errors = compared(series_of(traces / name), peers_python)
        ours, theirs = (errors[who] / errors["last week"] for who in ("ours", "augurs"))
        typer.echo(f"{name:36} {errors['forecasts']:4.0f} forecasts: mase {ours:.2f}, augurs {theirs:.2f}")


if __name__ == "__main__":
    typer.run(main)
