"""How good the forecast of a series would have been, in words."""

from typing import Any

import polars as pl
import polars.selectors as cs
from rich.console import Console

from pipelines.cli.views.tables import print_frame
from pipelines.decisions.forecast_totals import FORETOLD_WITHIN


def print_backtest(console: Console, answer: dict[str, Any]) -> None:
    """Errors by method, what the bands held, and whether the series can be foretold."""
    titles = {
        "methods": f"Errors, 1 to {answer['horizon_days']} days ahead",
        "bands": "Outcomes within the bands of the chosen forecast",
    }
    for rows, title in titles.items():
        print_frame(console, pl.DataFrame(answer[rows]).with_columns(cs.float().round(3)), title)
    error = answer["total_error"]
    if error is not None:
        said = "cannot be foretold" if error > FORETOLD_WITHIN else "can be foretold"
        console.print(f"This series {said}: totals of 30 days were off by {error:.1%} on average.", highlight=False)
