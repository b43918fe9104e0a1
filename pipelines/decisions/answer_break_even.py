"""The answer of `costs break-even`: of a warehouse's logs or of a scenario, as data that can be printed as JSON."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipelines.decisions.ask_break_even import Asked, AskedBreakEven, asked_scenario, asked_workloads, open_models_of
from pipelines.decisions.break_even_market import market_of
from pipelines.decisions.logged_workload import logged_workloads
from pipelines.decisions.scenario import Scenario
from pipelines.decisions.trace import read_trace, workload_of_trace
from pipelines.decisions.user_facts import user_facts
from pipelines.warehouse.published import PublishedWarehouse

_JSON_TEXTS = ("intervals", "mix", "hybrid", "sensitivity")


def answer_scenario(warehouse: PublishedWarehouse, scenario: Scenario, day: date) -> dict[str, Any]:
    """Of a scenario, at what is in force on a day."""
    return _answer(warehouse, [asked_scenario(scenario)], day, scenario.name)


def answer_trace(warehouse: PublishedWarehouse, path: Path, model: str, day: date) -> dict[str, Any]:
    """Of a recorded load, as if it went to an API model all month. Raises ValueError for a trace without tokens."""
    workload = workload_of_trace(read_trace(path), model)
    return _answer(warehouse, [Asked(workload)], day, None)


def answer_logs(warehouse: PublishedWarehouse, days: int, day: date) -> dict[str, Any] | None:
    """Of every model used in the days before one; None where nothing is logged."""
    if not warehouse.published_file.exists():
        return None
    with warehouse.read() as connection:
        workloads = logged_workloads(connection, days, day)
    return _answer(warehouse, asked_workloads(workloads), day, None) if workloads else None


def _answer(warehouse: PublishedWarehouse, asked: list[Asked], day: date, scenario: str | None) -> dict[str, Any]:
    facts = user_facts(warehouse.folder)
    workloads, open_models = [one.workload for one in asked], open_models_of(asked, facts)
    with market_of(warehouse, workloads, open_models, day) as market:
        answer = AskedBreakEven(asked, market, facts)
        rows = [_plain(row) for row in answer.rows()]
        curve = [_plain(row) for row in answer.curves()]
    notes = [*(problem.text for problem in facts.problems), *(note for one in asked for note in one.workload.notes)]
    return {"date": day.isoformat(), "scenario": scenario, "answers": rows, "curve": curve, "notes": notes}


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Money as text with all digits that count, days as text, nested figures as figures."""
    plain: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, Decimal):
            plain[name] = _digits(value)
        elif isinstance(value, date):
            plain[name] = value.isoformat()
        else:
            plain[name] = json.loads(value) if name in _JSON_TEXTS and value else value
    return plain


def _digits(amount: Decimal) -> str:
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
