"""The sections about dollars spent: what needs a look, and spend. Rows in, sections out."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from pipelines.costs.days_at_list import at_list_note
from pipelines.report.asked import Asked
from pipelines.report.section import Answer, Chart, Figure, Section, Table
from pipelines.report.shown import change_percent, day, number, percent, text, usd, words
from pipelines.report.spend_charts import owner_bars, stacked_spend

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
    elif at_list := at_list_of(answers, asked.first):
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


def at_list_of(answers: Mapping[str, Answer], first: date = date.min) -> str | None:
    """What stands at list price for want of a rate of exchange, from a day on, in words."""
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
