"""Settings of the environment and files that a user writes: whether they can be used. They are not applied here."""

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import polars as pl

from pipelines.alerts.alert_settings import AlertSettings
from pipelines.alerts.delivery import ADDRESSES
from pipelines.alerts.rule_file import ALERT_FILE, alert_settings_in_force
from pipelines.costs.engine.engine_setting import ENGINE, EngineError, server_address, shown_address
from pipelines.costs.engine.price_on_server import server_version
from pipelines.doctor.finding import Finding
from pipelines.models.model_map import MAP_FILE
from pipelines.snapshots.budget_file import ALL, BUDGET_FILE, Budget
from pipelines.snapshots.contract_file import CONTRACT_FILE
from pipelines.snapshots.holiday_setting import HOLIDAYS_OF, holidays_of
from pipelines.snapshots.user_inputs import (
    BUDGET,
    UserMap,
    budget_file_in_force,
    budget_in_force,
    check_rates,
    classes_in_force,
    contract_in_force,
    map_in_force,
    owners_in_force,
    plans_in_force,
    rates_file_in_force,
)
from pipelines.sources.catalog import SOURCES
from pipelines.sources.fetch_error import FetchError
from pipelines.usage.owner_map import OWNER_FILE
from pipelines.usage.plan_file import PLAN_FILE
from pipelines.usage.privacy import PRIVACY_FILE, PrivacyError, privacy_in_force
from pipelines.usage.rate_file import RATE_FILE, Rate
from pipelines.usage.task_classes import TASK_CLASS_FILE, TaskClasses

UserFile = (
    UserMap[pl.DataFrame]
    | UserMap[dict[str, list[Rate]]]
    | UserMap[TaskClasses]
    | UserMap[tuple[Budget, ...]]
    | UserMap[AlertSettings]
)


def look_at_settings(folder: Path, environ: Mapping[str, str], today: date) -> Iterator[Finding]:
    """The budget, the files that a user writes, and the keys for sources; no value of a secret is told."""
    yield _budget(folder, environ)
    yield from _holidays(environ)
    yield _model_map(folder)
    for name, found, count in _user_files(folder):
        if found.problem is not None:
            yield Finding("settings", name, "cannot be used", found.problem.text)
        else:
            yield Finding("settings", name, count)
    for problem in check_rates(folder, today):
        yield Finding("settings", problem.name, "a line has no rate of exchange", problem.text)
    yield _privacy(folder)
    yield _engine(environ)
    yield from _keys(environ)
    if not environ.get(ADDRESSES, "").strip():
        yield Finding("settings", ADDRESSES, "not set: alerts are stored and sent nowhere")


def _budget(folder: Path, environ: Mapping[str, str]) -> Finding:
    budget, problem = budget_in_force(folder, environ)
    if problem is not None:
        return Finding("settings", BUDGET, problem.text, f"set {BUDGET} to an amount in USD such as 1500")
    if budget is None:
        said = "not set" if budget_file_in_force(folder).rows else "not set: no alert on the month's spend"
        return Finding("settings", BUDGET, said)
    replaced = any(one.scope == ALL and one.period == "month" for one in budget_file_in_force(folder).rows)
    beside = f": not read where {BUDGET_FILE} states the month of all together" if replaced else ""
    return Finding("settings", BUDGET, f"{budget} USD{beside}")


def _holidays(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Nothing where it is not set, as it is off then."""
    country, wrong = holidays_of(environ)
    if wrong is not None:
        yield Finding("settings", HOLIDAYS_OF, "names no country", wrong)
    elif country is not None:
        yield Finding("settings", HOLIDAYS_OF, f"public holidays of {country} are free days of the forecast")


def _model_map(folder: Path) -> Finding:
    try:
        found = map_in_force(folder)
    except OSError as error:
        return Finding("settings", MAP_FILE, f"cannot be read: {error.strerror}", f"make {folder / MAP_FILE} readable")
    if found.problem is not None:
        return Finding("settings", MAP_FILE, "cannot be used", found.problem.text)
    return Finding("settings", MAP_FILE, f"{found.rows.height} ids mapped")


def _user_files(folder: Path) -> Iterator[tuple[str, UserFile, str]]:
    """Name of each file, as it is in force, and what it says."""
    owners, plans, contract = owners_in_force(folder), plans_in_force(folder), contract_in_force(folder)
    classes, budgets = classes_in_force(folder), budget_file_in_force(folder)
    yield OWNER_FILE, owners, f"{owners.rows.height} owners named"
    yield PLAN_FILE, plans, f"{plans.rows.height} plans"
    yield CONTRACT_FILE, contract, f"{contract.rows.height} terms agreed"
    rates = rates_file_in_force(folder)
    yield RATE_FILE, rates, f"rates of {', '.join(rates.rows) or 'no currency'}"
    yield TASK_CLASS_FILE, classes, f"{len(classes.rows.alternatives)} task classes"
    yield BUDGET_FILE, budgets, f"{len(budgets.rows)} budgets"
    alerts = alert_settings_in_force(folder)
    yield ALERT_FILE, alerts, f"{len(alerts.rows.rules)} rules set"


def _privacy(folder: Path) -> Finding:
    try:
        treatments, problem = privacy_in_force(folder)
    except PrivacyError as error:
        treatments, problem = {}, str(error)
    if problem is not None:
        return Finding("settings", PRIVACY_FILE, "cannot be used", problem)
    told = ", ".join(f"{column}: {treatment}" for column, treatment in treatments.items())
    return Finding("settings", PRIVACY_FILE, told or "every column about people is kept as it is")


def _engine(environ: Mapping[str, str]) -> Finding:
    try:
        address = server_address(environ)
        if address is None:
            return Finding("settings", ENGINE, "not set: this process prices the ledger")
        return Finding("settings", ENGINE, f"{shown_address(address)} answers: Spark {server_version(address)}")
    except EngineError as error:
        return Finding("settings", ENGINE, "cannot be used", str(error))


def _keys(environ: Mapping[str, str]) -> Iterator[Finding]:
    """One finding per variable; several sources may share one."""
    for variable, keys in sorted({s.api_key.variable: s.api_key for s in SOURCES if s.api_key}.items()):
        users = ", ".join(s.key for s in SOURCES if s.api_key and s.api_key.variable == variable)
        if not keys.is_set(environ):
            yield Finding("settings", variable, f"not set: {users} not asked")
            continue
        try:
            keys.headers(environ)
        except FetchError as error:
            yield Finding("settings", variable, str(error), f"set {variable} to the key alone, or unset it")
            continue
        yield Finding("settings", variable, f"set, for {users}")
