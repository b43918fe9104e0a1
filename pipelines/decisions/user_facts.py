"""What the user says beside a scenario: throughput.csv, figures.csv and stand_ins.csv of the warehouse folder.

stand_ins.csv says which open model stands in for which API model, and which part of its answers is accepted. The
product claims no quality: without a line, or a word in a scenario, the stand-in is an assumption and flagged as one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TypeVar

from pipelines.decisions.self_hosting.figures import USER_FILE as FIGURES_FILE
from pipelines.decisions.self_hosting.figures import Figure, parse_figures, shipped_figures
from pipelines.decisions.self_hosting.measured_table import USER_FILE, Measurement, measurements, parse_measurements
from pipelines.models.user_csv import UserFileError, csv_lines, file_content
from pipelines.snapshots.user_inputs import Problem
from pipelines.warehouse.last_good import keep_last_good, last_good

STAND_INS = "stand_ins.csv"
COLUMNS = ("api_model", "open_model", "acceptance_share")
DEFAULT_STAND_IN = "GPT-OSS-120B"
"""The open model with the most measured points at a goal of latency."""

Parsed = TypeVar("Parsed")


@dataclass(frozen=True)
class StandIn:
    """An open model for an API model; `acceptance`: part of its answers that is accepted."""

    open_model: str
    acceptance: Decimal


@dataclass(frozen=True)
class UserFacts:
    """What counts of the three files, and what is wrong with them as they are now."""

    points: tuple[Measurement, ...]
    figures: Mapping[str, Figure]
    stand_ins: dict[str, StandIn]
    problems: tuple[Problem, ...] = ()


def user_facts(folder: Path, *, keep: bool = False) -> UserFacts:
    """The files of a warehouse folder; where one has a mistake, its last good state. `keep`: remember good states."""
    problems: list[Problem] = []
    own = _in_force(folder, USER_FILE, parse_measurements, problems, keep=keep)
    stand_ins = _in_force(folder, STAND_INS, parse_stand_ins, problems, keep=keep)
    own_figures = _in_force(folder, FIGURES_FILE, parse_figures, problems, keep=keep)
    return UserFacts(measurements(own), shipped_figures() | own_figures, stand_ins, tuple(problems))


def parse_stand_ins(path: Path, content: bytes) -> dict[str, StandIn]:
    """API model -> stand-in. Raises UserFileError that names file, line and remedy."""
    found: dict[str, StandIn] = {}
    for line, cells in csv_lines(path, content, COLUMNS, ()) if content.strip() else ():
        where = f"{path} line {line}"
        api_model, open_model, share = (cells[name] for name in COLUMNS)
        if not api_model or not open_model:
            raise UserFileError(f"{where}: a model is missing; write api_model,open_model,acceptance_share")
        if api_model in found:
            raise UserFileError(f"{where}: {api_model} is twice; one open model stands in for it")
        found[api_model] = StandIn(open_model, _share(where, share))
    return found


def _share(where: str, text: str) -> Decimal:
    try:
        share = Decimal(text or "1")
    except InvalidOperation:
        share = Decimal(0)
    if not share.is_finite() or not 0 < share <= 1:
        raise UserFileError(f"{where}: acceptance_share {text!r}; write a share above 0 and up to 1, such as 0.95")
    return share


def _in_force(
    folder: Path, name: str, parse: Callable[[Path, bytes], Parsed], problems: list[Problem], *, keep: bool
) -> Parsed:
    path = folder / name
    try:
        content = file_content(path)
        parsed = parse(path, content)
    except UserFileError as error:
        good = last_good(folder, name)
        meanwhile = "its last good state stays in force" if good else "what ships is in force"
        problems.append(Problem(name, f"{error}. Until then {meanwhile}"))
        return parse(path, good or b"")
    if keep:
        keep_last_good(folder, name, content or None)
    return parsed
