"""Settings of the environment and files that a user writes: whether they can be used. They are not applied here."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from pipelines.alerts.delivery import ADDRESSES
from pipelines.doctor.finding import Finding
from pipelines.models.model_map import MAP_FILE
from pipelines.snapshots.contract_file import CONTRACT_FILE
from pipelines.snapshots.user_inputs import BUDGET, budget_in_force, contract_in_force, map_in_force
from pipelines.sources.catalog import SOURCES
from pipelines.sources.fetch_error import FetchError
from pipelines.usage.privacy import PRIVACY_FILE, PrivacyError, privacy_in_force


def look_at_settings(folder: Path, environ: Mapping[str, str]) -> Iterator[Finding]:
    """The budget, the map of model ids, the contract, and the keys for sources; no value of a secret is told."""
    yield _budget(folder, environ)
    yield _model_map(folder)
    yield _contract(folder)
    yield _privacy(folder)
    yield from _keys(environ)
    if not environ.get(ADDRESSES, "").strip():
        yield Finding("settings", ADDRESSES, "not set: alerts are stored and sent nowhere")


def _budget(folder: Path, environ: Mapping[str, str]) -> Finding:
    budget, problem = budget_in_force(folder, environ)
    if problem is not None:
        return Finding("settings", BUDGET, problem.text, f"set {BUDGET} to an amount in USD such as 1500")
    return Finding("settings", BUDGET, "not set: no alert on the month's spend" if budget is None else f"{budget} USD")


def _model_map(folder: Path) -> Finding:
    try:
        found = map_in_force(folder)
    except OSError as error:
        return Finding("settings", MAP_FILE, f"cannot be read: {error.strerror}", f"make {folder / MAP_FILE} readable")
    if found.problem is not None:
        return Finding("settings", MAP_FILE, "cannot be used", found.problem.text)
    return Finding("settings", MAP_FILE, f"{found.rows.height} ids mapped")


def _contract(folder: Path) -> Finding:
    found = contract_in_force(folder)
    if found.problem is not None:
        return Finding("settings", CONTRACT_FILE, "cannot be used", found.problem.text)
    return Finding("settings", CONTRACT_FILE, f"{found.rows.height} terms agreed")


def _privacy(folder: Path) -> Finding:
    try:
        treatments, problem = privacy_in_force(folder)
    except PrivacyError as error:
        treatments, problem = {}, str(error)
    if problem is not None:
        return Finding("settings", PRIVACY_FILE, "cannot be used", problem)
    told = ", ".join(f"{column}: {treatment}" for column, treatment in treatments.items())
    return Finding("settings", PRIVACY_FILE, told or "every column about people is kept as it is")


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
