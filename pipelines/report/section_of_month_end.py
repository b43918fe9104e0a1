"""The section of the month's end: what it will cost, against the budget. Rows in, a section out."""

from collections.abc import Mapping
from typing import Any

from pipelines.report.asked import Asked
from pipelines.report.section import Answer, Chart, Figure, Section, Table
from pipelines.report.sections_of_spend import at_list_of
from pipelines.report.shown import day, number, percent, text, usd, words
from pipelines.report.spend_charts import cumulative_spend

NO_FORECAST = "Only accounts, teams and projects have a forecast of their own."


def month_end(answers: Mapping[str, Answer], asked: Asked) -> Section:
    """What this month will cost, against the budget, and how good such forecasts were."""
    rows = answers["month_end"].frame.rows(named=True)
    totals = {row["period"]: row for row in rows if row["is_whole"]}
    month = totals.get("month")
    cumulative = answers["spend_cumulative"].frame.rows(named=True)
    budgets = answers["budgets"].frame.rows(named=True) if "budgets" in answers else []
    figures = [
        _forecast_figure(period, totals[period]) for period in ("month", "next_month", "90_days") if period in totals
    ]
    if month:
        error = month["past_error"]
        told = "forecasts of 30 days, mean error over mean outcome" if error is not None else month["band_basis"]
        figures.append(Figure("Past forecasts were off by", percent(None if error is None else 100 * error), told))
    whole = next((row for row in budgets if row["is_whole"]), None)
    budget = whole["budget_usd"] if whole else None
    shown = []
    if cumulative:
        # An owner's days are at list price, as only that is split by owner; those of all are what is owed.
        spec = cumulative_spend(cumulative, month if asked.owner or not month else as_owed(month), budget)
        description = "Lines of USD since the first of the month, this and the last one, with the projected end."
        shown = [Chart("month_end", "This month, day by day, and its projected end", description, spec)]
    notes = [] if "budgets" in answers else ["Budgets are not in this file yet: `costs build` makes it anew."]
    if "budgets" in answers and not budgets:
        notes = [f"No budget is set{' for it' if asked.owner else ''}."]
    if month and month["is_lower_bound"]:
        notes.append("A lower bound: some usage has no price.")
    if at_list := at_list_of(answers):
        notes.append(f"What is owed rests on days of which {at_list}.")
    models = [row for row in rows if row["scope"] == "model"]
    return Section(
        "month-end",
        "Month-end, against budget",
        day(month["as_of"] if month else asked.last),
        month_lead(month, whole) if month or not asked.owner else NO_FORECAST,
        [answers[name] for name in ("month_end", "spend_cumulative", "budgets") if name in answers],
        figures=figures,
        charts=shown,
        tables=[table for table in (_budget_table(budgets), _by_model(models)) if table.rows],
        notes=notes,
    )


def as_owed(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the forecast with what is owed in place of list prices, as spend and budgets have it on the page."""
    amounts = {name: row.get(name.replace("_usd", "_effective_usd")) for name in row if name.endswith("_usd")}
    return {**row, **{name: usd_owed for name, usd_owed in amounts.items() if usd_owed is not None}}


def _forecast_figure(period: str, listed: Mapping[str, Any]) -> Figure:
    names = {"month": "This month", "next_month": "Next month", "90_days": "Next 90 days"}
    row = as_owed(listed)
    value, at_list = usd(row["projected_usd"]), usd(listed["projected_usd"])
    band = "no band yet" if row["low_usd"] is None else f"80 %: {usd(row['low_usd'])} to {usd(row['high_usd'])}"
    why = row["band_basis"].partition("; ")[2]
    told = [f"to {day(row['last_on'])}", *([f"{at_list} at list price"] if at_list != value else []), band]
    return Figure(names[period], value, "; ".join(told) + (f" ({why})" if why else ""))


def month_lead(month: Mapping[str, Any] | None, budget: Mapping[str, Any] | None) -> str:
    """What the month comes to at list price, what is owed of it, and the budget of all spend, if one is set."""
    if not month or month["projected_usd"] is None:
        return "Nothing can be projected yet."
    listed = month["projected_usd"]
    lead = f"{usd(listed)} expected by {day(month['last_on'])} at list price, {usd(month['spent_usd'])} of it spent."
    has_budget = budget is not None and budget["projected_usd"] is not None
    owed = budget["projected_usd"] if budget and has_budget else month.get("projected_effective_usd")
    if owed is None or (usd(owed) == usd(listed) and not has_budget):
        return lead
    spent = budget["spent_usd"] if budget and has_budget else month["spent_effective_usd"]
    told = f"{'Of it' if owed <= listed else 'With plan fees'} {usd(owed)} are owed, {usd(spent)} so far"
    if not budget or not has_budget:
        return f"{lead} {told}."
    over = owed - budget["budget_usd"]
    held = f"{usd(abs(over))} {'over' if over > 0 else 'within'} the budget of {usd(budget['budget_usd'])}"
    return f"{lead} {told}: {held}."


def _by_model(rows: list[dict[str, Any]]) -> Table:
    cells = [
        (
            text(row["model"]),
            number(usd(row["spent_usd"])),
            number(usd(row["projected_usd"])),
            text("" if row["low_usd"] is None else f"{usd(row['low_usd'])} to {usd(row['high_usd'])}"),
            number(percent(None if row["past_error"] is None else 100 * row["past_error"])),
        )
        for row in rows
    ]
    return Table(
        "By model, at list price", ("Model", "Spent", "Projected", "80 % band", "Past error"), cells, is_folded=True
    )


def _budget_table(rows: list[dict[str, Any]]) -> Table:
    cells = [
        (
            text(row["budget"]), number(usd(row["budget_usd"])), number(usd(row["spent_usd"])),
            number(usd(row["projected_usd"])), text(words(row["status"])), text(day(row["as_of"])),
        )
        for row in rows
    ]  # fmt: skip
    return Table("Budgets", ("Budget", "USD", "Spent", "Projected", "Status", "As of"), cells)
