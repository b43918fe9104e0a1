"""What a user writes by hand, maps, contract and settings: checked, the last good state in force meanwhile.

A slip of the pen stops nothing: what was good before goes on to hold, and the problem is told with its remedy.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

import polars as pl

from pipelines.models.model_map import MAP_FILE, parse_model_map
from pipelines.models.user_csv import UserFileError, file_content
from pipelines.snapshots.budget_file import ALL, BUDGET_FILE, Budget, parse_budgets
from pipelines.snapshots.contract_file import CONTRACT_FILE, lacks_rates, parse_contract
from pipelines.snapshots.holiday_setting import HOLIDAYS_OF, holidays_of
from pipelines.usage.owner_map import OWNER_FILE, parse_owner_map
from pipelines.usage.plan_file import PLAN_FILE, parse_plans
from pipelines.usage.privacy import PRIVACY_FILE, keep_privacy
from pipelines.usage.rate_file import RATE_FILE, Rate, parse_rates, rates_in_force
from pipelines.usage.task_classes import TASK_CLASS_FILE, TaskClasses, parse_task_classes
from pipelines.warehouse.last_good import keep_last_good, last_good

BUDGET = "COSTS_MONTHLY_BUDGET_USD"
_MAX_SHOWN = 40
_AMOUNT = re.compile(r"[\d.,'_+\- eE$€]+|(usd|inf|infinity|nan)", re.IGNORECASE)
"""What may be shown of a wrong amount: a text of another kind may be a secret in the wrong place."""


@dataclass(frozen=True)
class Problem:
    """Something that the user has to put right: which file or setting, and what is wrong and what to write."""

    name: str
    text: str


Rows = TypeVar("Rows")


@dataclass(frozen=True)
class UserMap(Generic[Rows]):
    """A file that the user writes, of ids, owners, plans, budgets, classes or what was agreed, as it is in force."""

    rows: Rows
    """In MAP_SCHEMA, OWNER_SCHEMA, PLAN_SCHEMA or TERM_SCHEMA, the budgets, or the task classes."""
    content: bytes
    """What the rows were read from."""
    problem: Problem | None = None
    """Why the file as it is now is not in force."""


def map_in_force(folder: Path) -> UserMap[pl.DataFrame]:
    """The map below a warehouse folder; its last good state where the file has a mistake. Changes nothing."""
    return file_in_force(folder, MAP_FILE, parse_model_map)


def owners_in_force(folder: Path) -> UserMap[pl.DataFrame]:
    """The map of owners below a warehouse folder, as `map_in_force`."""
    return file_in_force(folder, OWNER_FILE, parse_owner_map)


def classes_in_force(folder: Path) -> UserMap[TaskClasses]:
    """The task classes below a warehouse folder, as `map_in_force`."""
    return file_in_force(folder, TASK_CLASS_FILE, parse_task_classes, "no task class is known")


def plans_in_force(folder: Path) -> UserMap[pl.DataFrame]:
    """The plans below a warehouse folder, as `map_in_force`."""
    return file_in_force(folder, PLAN_FILE, parse_plans, "no plan is in force")


def contract_in_force(folder: Path) -> UserMap[pl.DataFrame]:
    """What was agreed with who bills, of the file below a warehouse folder, as `map_in_force`."""
    rates = rates_in_force(folder)
    return file_in_force(folder, CONTRACT_FILE, partial(parse_contract, rates=rates), "list prices count")


def rates_file_in_force(folder: Path) -> UserMap[dict[str, list[Rate]]]:
    """The rates of exchange below a warehouse folder, as `map_in_force`."""
    return file_in_force(folder, RATE_FILE, parse_rates, "nothing is converted")


def check_rates(folder: Path, today: date) -> list[Problem]:
    """Whether the contract has a price in another currency that no rate is stated for, on a day up to today."""
    contract = contract_in_force(folder)
    said = lacks_rates(folder / CONTRACT_FILE, contract.content, rates_in_force(folder), today)
    return [] if said is None else [Problem(CONTRACT_FILE, said)]


def budget_file_in_force(folder: Path) -> UserMap[tuple[Budget, ...]]:
    """The budgets of the file below a warehouse folder, as `map_in_force`."""
    return file_in_force(folder, BUDGET_FILE, parse_budgets, "no budget of it is in force")


def budgets_in_force(folder: Path, environ: Mapping[str, str], day: date) -> list[Budget]:
    """The budgets of a day: those of the file, and the environment's, which is the month of all where no line is."""
    stated = [budget for budget in budget_file_in_force(folder).rows if budget.holds_on(day)]
    monthly, _ = budget_in_force(folder, environ)
    if monthly is None or any((budget.scope, budget.period) == (ALL, "month") for budget in stated):
        return stated
    return [*stated, Budget(ALL, ALL, "month", monthly)]


def month_budget(folder: Path, environ: Mapping[str, str], day: date) -> Decimal | None:
    """What all together may spend in the month of a day, in USD: by the file, else by the environment."""
    budgets = budgets_in_force(folder, environ, day)
    return next((one.usd for one in budgets if (one.scope, one.period) == (ALL, "month")), None)


def check_budgets(folder: Path, environ: Mapping[str, str]) -> list[Problem]:
    """What is wrong with the budgets as they are stated now."""
    problems = (budget_file_in_force(folder).problem, budget_in_force(folder, environ)[1])
    return [problem for problem in problems if problem]


def file_in_force(
    folder: Path, name: str, parse: Callable[[Path, bytes], Rows], without: str = "no id is mapped"
) -> UserMap[Rows]:
    """A file below a warehouse folder, as `map_in_force`; `without`: what holds where nothing good was ever kept."""
    path = folder / name
    try:
        content = file_content(path)
        return UserMap(parse(path, content), content)
    except UserFileError as error:
        said = str(error)
    content = last_good(folder, name) or b""
    meanwhile = "its last good state stays in force" if content else without
    problem = Problem(name, f"{said}. Until then {meanwhile}")
    try:
        return UserMap(parse(path, content), content, problem)
    except UserFileError:  # good for an older program
        return UserMap(parse(path, b""), b"", problem)


def budget_in_force(folder: Path, environ: Mapping[str, str]) -> tuple[Decimal | None, Problem | None]:
    """The monthly budget in USD, if one is set; that of before, and why, where the setting has a mistake."""
    text = environ.get(BUDGET, "").strip()
    if not text:
        return None, None
    try:
        return _amount(text), None
    except InvalidOperation:
        pass
    kept = (last_good(folder, BUDGET) or b"").decode()
    shown = f", not {text!r}" if len(text) <= _MAX_SHOWN and _AMOUNT.fullmatch(text) else ""
    meanwhile = f"the last good budget, {kept} USD, stays in force" if kept else "no budget is in force"
    said = (
        f"{BUDGET} must be a finite amount in USD of at least 0, such as 1500 or 1500.50{shown}. Until then {meanwhile}"
    )
    return Decimal(kept) if kept else None, Problem(BUDGET, said)


def check_user_inputs(folder: Path, environ: Mapping[str, str]) -> list[Problem]:
    """Look at everything that a user writes, and keep what is good. Returns what is not."""
    maps: dict[str, UserMap[Any]] = {
        MAP_FILE: map_in_force(folder),
        OWNER_FILE: owners_in_force(folder),
        PLAN_FILE: plans_in_force(folder),
        CONTRACT_FILE: contract_in_force(folder),
        RATE_FILE: rates_file_in_force(folder),
        TASK_CLASS_FILE: classes_in_force(folder),
        BUDGET_FILE: budget_file_in_force(folder),
    }
    for name, one in maps.items():
        if one.problem is None:
            keep_last_good(folder, name, one.content or None)
    budget, wrong_budget = budget_in_force(folder, environ)
    # A setting that this process does not have may still be one of another process.
    if budget is not None and wrong_budget is None:
        keep_last_good(folder, BUDGET, f"{budget:f}".encode())
    wrong_privacy = keep_privacy(folder)
    _, wrong_country = holidays_of(environ)
    problems = (
        *(one.problem for one in maps.values()),
        wrong_budget,
        wrong_country and Problem(HOLIDAYS_OF, wrong_country),
        wrong_privacy and Problem(PRIVACY_FILE, wrong_privacy),
    )
    return [problem for problem in problems if problem]


def _amount(text: str) -> Decimal:
    """Raises InvalidOperation for what is no amount of at least 0."""
    # Decimal reads 1_500 and digits of other scripts, which nobody means.
    amount = Decimal(text) if re.fullmatch(r"[+]?[0-9]*\.?[0-9]+(?:[eE][+]?[0-9]{1,2})?|[0-9]+\.", text) else None
    if amount is None or not amount.is_finite() or amount < 0:
        raise InvalidOperation(text)
    return amount
