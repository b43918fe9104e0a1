"""`costs risk` and `costs forecast`: what was decided on the newest day, as rows. The tables hold it already."""

from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from pipelines.cli.rows import AsCsv, AsJson, AsParquet, Limit, show_rows
from pipelines.cli.terminal import NEEDS_A_LOOK, say_error

if TYPE_CHECKING:
    import polars as pl

WINDOW = timedelta(days=56)
"""Days that a forecast learns from."""
RISK = """
SELECT level, model, expected_end_on AS ends_on, days_left, days_basis, spend_30d_usd, replacement,
    monthly_delta_usd AS usd_a_month_after, project_id, provider, channel, as_of
FROM deprecation_risk QUALIFY as_of = max(as_of) OVER () ORDER BY score DESC, expected_end_on, model
"""
FORECAST = """
SELECT period, scope, CASE scope WHEN 'model' THEN model WHEN 'provider' THEN provider ELSE owner END AS of_whom,
    spent_usd, projected_usd, low_usd, high_usd, projected_effective_usd AS projected_owed_usd, is_lower_bound,
    past_error, last_on, ends, band_basis, as_of
FROM spend_forecast QUALIFY as_of = max(as_of) OVER ()
ORDER BY first_on, last_on, scope <> 'all', scope, projected_usd DESC NULLS LAST, of_whom
"""


def risk(
    context: typer.Context,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    parquet: AsParquet = None,
    limit: Limit = None,
) -> None:
    """Models in use that have an end: when, with which spend, and what the replacement adds a month. Worst first.

    Exit codes: 1: no model in use has a known end; 3: there is no published file yet.
    """
    found = _rows(context.obj, RISK)

    show_rows(
        found,
        is_money=True,
        main=("level", "model", "ends_on", "spend_30d_usd"),
        as_json=as_json,
        as_csv=as_csv,
        parquet=parquet,
        limit=limit,
    )
    if found.is_empty():
        say_error("costs risk: no model in use has a known end")
        raise typer.Exit(NEEDS_A_LOOK)


def forecast(
    context: typer.Context,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    parquet: AsParquet = None,
    limit: Limit = None,
) -> None:
    """Spend of this month, the next and 90 days, in all, by model and by owner, with bands of 80 % and past errors.

    At list price; projected_owed_usd is what is owed by contract and plans, as `costs budget` has it. A band holds its
    projection: band_basis says where it is an end. past_error: share of the outcome. is_lower_bound: some usage has no
    price, and the sums are of the rest.

    Exit codes: 1: nothing can be forecast yet; 3: there is no published file yet.
    """
    found = _rows(context.obj, FORECAST)

    show_rows(
        found,
        is_money=True,
        main=("period", "scope", "of_whom", "spent_usd", "projected_usd"),
        as_json=as_json,
        as_csv=as_csv,
        parquet=parquet,
        limit=limit,
    )
    if not (as_json or as_csv or parquet):
        for row in found.filter(scope="all").to_dicts():
            if why := row["band_basis"].partition("; ")[2]:
                say_error(f"{row['period']}, all: {why}")
    _tell_days_at_list(context.obj, found)
    if found.is_empty():
        say_error("costs forecast: nothing is spent yet that could be forecast")
        raise typer.Exit(NEEDS_A_LOOK)


def _tell_days_at_list(folder: Path, found: "pl.DataFrame") -> None:
    """What was owed is not known of some days that the forecast rests on."""
    from pipelines.costs.days_at_list import at_list_note, days_at_list
    from pipelines.warehouse.published import PublishedWarehouse

    if found.is_empty():
        return
    as_of: date = found["as_of"][0]
    note = at_list_note(days_at_list(PublishedWarehouse(folder), as_of - WINDOW, as_of))
    if note:
        say_error(f"projected_owed_usd rests on days of which {note}")


def _rows(folder: Path, query: str) -> "pl.DataFrame":
    from pipelines.warehouse.published import PublishedWarehouse

    with PublishedWarehouse(folder).read() as connection:
        found: pl.DataFrame = connection.sql(query).pl()
    return found
