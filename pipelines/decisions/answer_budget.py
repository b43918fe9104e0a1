"""The budgets of a day from the published file, by the budgets as they are stated now."""

from collections.abc import Mapping
from datetime import date

import polars as pl

from pipelines.decisions.decide_spend import budget_status_on
from pipelines.warehouse.published import PublishedWarehouse


def answer_budget(warehouse: PublishedWarehouse, day: date, environ: Mapping[str, str]) -> pl.DataFrame:
    """Rows of main.budget_status as they would be decided now for a day."""
    with warehouse.read() as connection:
        return budget_status_on(connection, warehouse.folder, day, environ)


def decided_day(warehouse: PublishedWarehouse) -> date | None:
    """The newest day that something was decided for; None where nothing was."""
    with warehouse.read() as connection:
        newest: date | None = connection.execute("SELECT max(as_of) FROM main.spend_forecast").fetchall()[0][0]
    return newest
