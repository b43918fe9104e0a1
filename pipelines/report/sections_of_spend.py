"""The sections about dollars: what needs a look, spend and month-end. Rows in, sections out."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from pipelines.costs.days_at_list import at_list_note
from pipelines.report.asked import Asked
from pipelines.report.section import Answer, Chart, Figure, Section, Table
from pipelines.report.shown import change_percent, day, number, percent, text, usd, words
from pipelines.report.spend_charts import cumulative_spend, owner_bars, stacked_spend

OWNER_BARS = 12
KINDS = ("team", "project", "user", "feature", "key", "account")
NONE = "\N{EN DASH}"
NOTHING = "nothing priced"
NOTHING_SPENT = "No usage is priced in this period."


def attention(answers: Mapping[str, Answer], asked: Asked) -> Section:
    """What needs a look today, worst first."""
    rows = answers["attention"].frame.rows(named=True)
    lead = f"{len(rows)} things, worst first." if rows else "Nothing needs a look."
    table = Table(
        "Needs a look",
        ("", "What", "USD a month", "As of"),
        [
            (
                text(row["severity"]),
                text(row["what"], link=f"#{row['section']}"),
                number("" if row["usd_a_month"] is None else usd(row["usd_a_month"], signed=True)),
                text(day(row["as_of"])),
            )
            for row in rows
        ],
    )
    tables = [table] if rows else []
    return Section("attention", "What needs a look today", day(asked.last), lead, [answers["attention"]], tables=tables)


def spend(answers: Mapping[str, Answer], asked: Asked, sources: list[str]) -> Section:
    """What is spent, on what and by whom, against the period before."""
    total = answers["spend_total"].frame.row(0, named=True)
    models = answers["spend_by_model"].frame.rows(named=True)
    owners = answers["spend_by_owner"].frame.rows(named=True)
    first, last = asked.before
    change = change_percent(total["usd"], total["usd_before"])
    was = NOTHING if total["usd_before"] is None else usd(total["usd_before"])
    before = f"{was} from {first} to {last}"
    figures = [
        Figure("Spend of the period", usd(total["usd"]), f"{asked.first} to {asked.last}"),
        Figure("Against the period before", percent(change, signed=True), before, _tone(change)),
    ]
    if models and models[0]["usd"] is not None:
        figures.append(Figure("Dearest model", usd(models[0]["usd"]), f"{models[0]['model']}, same period"))
    risen = max(models, key=lambda row: row["usd_change"], default=None)
    if risen and risen["usd_change"] > 0:
        figures.append(Figure("Rose most", usd(risen["usd_change"], signed=True), f"{risen['model']}, against before"))
    notes = []
    if total["is_lower_bound"]:
        notes.append("Some of it may have cost more: daily buckets do not tell prompt sizes and hours.")
    if asked.owner:
        notes.append(f"Of {asked.owner} alone, at list price.")
    elif at_list := _at_list(answers, asked.first):
        notes.append(f"{at_list}.")
    return Section(
        "spend",
        "Spend, and to whom and what it goes",
        f"{asked.first} to {asked.last}",
        _spend_lead(total, change) if total["usd"] is not None else NOTHING_SPENT,
        [answers[name] for name in _SPEND if name in answers],
        sources,
        figures if total["usd"] is not None else [],
        _spend_charts(answers, owners, asked),
        [*_causes(answers), _compared("By model", "Model", "model", models), *_owner_tables(owners)],
        notes,
    )


_SPEND = ("spend_total", "spend_by_model", "spend_over_time", "spend_by_owner", "spend_causes", "spend_outliers",
          "days_at_list")  # fmt: skip


def _at_list(answers: Mapping[str, Answer], first: date = date.min) -> str | None:
    return at_list_note(row for row in answers["days_at_list"].frame.iter_rows() if row[0] >= first)


def _spend_lead(total: Mapping[str, Any], change: float | None) -> str:
    if change is None:
        return f"{usd(total['usd'])}; nothing was priced in the period before."
    way = "more" if change >= 0 else "less"
    return (
        f"{usd(total['usd'])}, {percent(abs(change))} {way} than the {usd(total['usd_before'])} of the period before."
    )


def _tone(change: float | None) -> str:
    return "" if change is None or abs(change) < 10 else "bad" if change > 0 else "good"


def _spend_charts(answers: Mapping[str, Answer], owners: list[dict[str, Any]], asked: Asked) -> list[Chart]:
    over_time = answers["spend_over_time"].frame.rows(named=True)
    shown = []
    if over_time:
        bucket = asked.parameters(over_time[0]["starts_on"])["bucket"]
        spec = stacked_spend(over_time, bucket)
        description = f"Bars of USD a {bucket} by model, from {over_time[0]['starts_on']} to {asked.last}."
        shown.append(Chart("spend_over_time", f"USD a {bucket}, by model", description, spec))
    kinds = [kind for kind in KINDS if any(row["kind"] == kind for row in owners)]
    if kinds:
        told = [kind for kind in kinds if sum(row["kind"] == kind for row in owners) > 1]
        spec = owner_bars(owners, kinds, (told or kinds)[0], OWNER_BARS)
        description = f"Bars of USD by owner, the {OWNER_BARS} dearest; the table below has all kinds of owners."
        shown.append(Chart("spend_by_owner", "USD by owner, and the period before", description, spec))
    return shown


def _compared(caption: str, label: str, name: str, rows: list[dict[str, Any]], *, is_folded: bool = False) -> Table:
    return Table(
        caption,
        (label, "USD", "USD before", "Change", "%"),
        [
            (
                text(row[name]),
                number(usd(row["usd"]) if row["usd"] is not None else NONE),
                number(usd(row["usd_before"]) if row["usd_before"] is not None else NONE),
                number(usd(row["usd_change"], signed=True)),
                number(
                    "" if (pct := change_percent(row["usd"], row["usd_before"])) is None else percent(pct, signed=True)
                ),
            )
            for row in rows
        ],
        is_folded,
    )


def _owner_tables(owners: list[dict[str, Any]]) -> list[Table]:
    by_kind = {kind: [row for row in owners if row["kind"] == kind] for kind in KINDS}
    return [
        _compared(f"By {kind}", kind.capitalize(), "owner", rows, is_folded=True)
        for kind, rows in by_kind.items()
        if rows
    ]


def _causes(answers: Mapping[str, Answer]) -> list[Table]:
    """Why it moved, and which days were out of the ordinary: of tables that have it, where they are there."""
    tables = []
    if "spend_causes" in answers:
        rows = answers["spend_causes"].frame.rows(named=True)
        cells = [(text(words(row["cause"])), number(usd(row["usd"], signed=True)), text(row["period"])) for row in rows]
        tables.append(Table("Why 30 days cost otherwise than the 30 before", ("Cause", "USD", "Period"), cells))
    if "spend_outliers" in answers:
        rows = answers["spend_outliers"].frame.rows(named=True)
        outliers = [
            (text(day(row["usage_date"])), text(row["what"]), number(usd(row["usd"])), number(usd(row["expected_usd"])))
            for row in rows
        ]
        tables.append(Table("Days out of the ordinary", ("Day", "What", "USD", "Expected"), outliers))
    return [table for table in tables if table.rows]


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
    if at_list := _at_list(answers):
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
