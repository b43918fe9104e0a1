"""The user's file of budgets: how much each owner may spend in a day, a week or a month, by date.

Reading and checking only; where it is in force is `snapshots.user_inputs`' to say, what is spent `decisions.budget`'s.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

from pipelines.models.user_csv import UserFileError
from pipelines.models.user_toml import Statement, shown, toml_statements

BUDGET_FILE = "budgets.toml"
"""Name of the file below the warehouse folder."""
ALL = "all"
OWNERS = ("account", "team", "project", "model", "provider")
"""Whose budget it is, by the key that names it; none of them: the budget of all together."""
PERIODS = ("day", "week", "month")
MAX_LINES = 5_000
MAX_USD = Decimal(10) ** 15
MAX_TEXT = 200
PICO_DIGITS = 12
_EXAMPLE = (
    'write [[budget]], then period = "month", usd = 1500 and, if it is not that of all, an owner: team = "search"'
)
_KEYS = ("period", "usd", *OWNERS, "valid_from", "valid_to")


class Budget(NamedTuple):
    """How much may be spent in each period of a kind by one owner, from one day on, up to another one."""

    scope: str
    """One of OWNERS, or ALL."""
    owner: str
    """The account, team, project, model or provider; ALL for all together."""
    period: str
    usd: Decimal
    valid_from: date | None = None
    valid_to: date | None = None
    """The first day that is not meant."""
    line: int | None = None
    """Where it begins in the file; None: it is no line of a file."""

    def holds_on(self, day: date) -> bool:
        """Whether the budget is meant for a day."""
        return (self.valid_from or date.min) <= day and (self.valid_to is None or day < self.valid_to)

    def overlaps(self, other: "Budget") -> bool:
        """Whether both say something about the same money on one day."""
        begin = max(self.valid_from or date.min, other.valid_from or date.min)
        is_same = (self.scope, self.owner, self.period) == (other.scope, other.owner, other.period)
        return is_same and begin < min(self.valid_to or date.max, other.valid_to or date.max)


def parse_budgets(path: Path, content: bytes) -> tuple[Budget, ...]:
    """The budgets that these bytes state; `path` is how messages name them, and no bytes are no file.

    Raises UserFileError that names file, line and remedy.
    """
    stated, statements = toml_statements(path, content, MAX_LINES, "keep only the budgets that still hold")
    for name, value in stated.items():
        if name != "budget" or not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            line = next((one.line for one in statements if one.name == name), 1)
            raise UserFileError(f"{path} line {line}: {_misplaced(name)}")
    budgets: list[Budget] = []
    for values, lines in _tables(stated.get("budget", []), statements):
        budget = _budget(path, values, lines)
        for other in budgets:
            if budget.overlaps(other):
                raise UserFileError(
                    f"{path} line {budget.line}: {budget.scope} {budget.owner!r} has a budget for the {budget.period} "
                    f"on line {other.line} for the same time; delete one of the two or give them valid_from and "
                    "valid_to that do not overlap"
                )
        budgets.append(budget)
    return tuple(budgets)


def _misplaced(name: str) -> str:
    if name == "budget":
        return f"a budget begins with [[budget]] in double brackets; {_EXAMPLE}"
    if name in _KEYS:
        return f"{name} stands before the first [[budget]]; {_EXAMPLE}"
    return f"{name} is unknown here; {_EXAMPLE}"


def _tables(
    tables: Sequence[dict[str, Any]], statements: Sequence[Statement]
) -> Iterator[tuple[dict[str, Any], dict[str, int]]]:
    """The values of each [[budget]] and the line of each key; "budget" is the line of its header."""
    lines: list[dict[str, int]] = []
    for statement in statements:
        if statement.is_header:
            lines.append({statement.name: statement.line})
        elif lines:
            lines[-1].setdefault(statement.name, statement.line)
    # One written as budget = [{…}, {…}] stands on one line.
    first = statements[0].line if statements else 1
    lines += [{"budget": first}] * (len(tables) - len(lines))
    yield from zip(tables, lines, strict=False)


def _budget(path: Path, values: Mapping[str, Any], lines: Mapping[str, int]) -> Budget:
    begun = lines["budget"]

    def where(name: str) -> str:
        return f"{path} line {lines.get(name, begun)}"

    for name in values:
        if name not in _KEYS:
            close = get_close_matches(name, _KEYS, n=1, cutoff=0.6)
            remedy = f"write {close[0]}" if close else f"delete it; the keys are {', '.join(_KEYS)}"
            raise UserFileError(f"{where(name)}: {name} is no key of a budget; {remedy}")
    for name in ("period", "usd"):
        if name not in values:
            raise UserFileError(f"{path} line {begun}: {name} is missing; {_EXAMPLE}")
    if values["period"] not in PERIODS:
        said = f"period is {shown(values['period'])}; write one of {', '.join(PERIODS)}, in quotes"
        raise UserFileError(f"{where('period')}: {said}")
    scope, owner = _owner(values, where)
    first, last = (_day(values, name, where) for name in ("valid_from", "valid_to"))
    if first and last and first >= last:
        raise UserFileError(
            f"{where('valid_to')}: valid_to must be after valid_from; it is the first day that is not meant"
        )
    return Budget(scope, owner, values["period"], _usd(values["usd"], where("usd")), first, last, begun)


def _owner(values: Mapping[str, Any], where: Any) -> tuple[str, str]:
    named = [name for name in OWNERS if name in values]
    if len(named) > 1:
        raise UserFileError(
            f"{where(named[1])}: {named[0]} and {named[1]} are two owners; write a [[budget]] for each of them"
        )
    if not named:
        return ALL, ALL
    owner = values[named[0]]
    if not isinstance(owner, str) or not owner.strip() or len(owner) > MAX_TEXT or not owner.isprintable():
        raise UserFileError(
            f"{where(named[0])}: {named[0]} is {shown(owner)}; write its name in quotes, one line of at most {MAX_TEXT}"
        )
    return named[0], owner.strip()


def _usd(value: Any, where: str) -> Decimal:
    """An amount of at least 0; quotes around a number change nothing."""
    is_amount = isinstance(value, int | Decimal | str) and not isinstance(value, bool) and str(value).isascii()
    try:
        amount = Decimal(value) if is_amount else None
    except ArithmeticError:
        amount = None
    if amount is None or not amount.is_finite() or not 0 <= amount < MAX_USD:
        raise UserFileError(f"{where}: usd is {shown(value)}; write an amount of at least 0, such as 1500 or 1500.50")
    exponent = amount.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > PICO_DIGITS:
        raise UserFileError(f"{where}: usd has more than {PICO_DIGITS} decimals; write an amount such as 1500.50")
    return amount


def _day(values: Mapping[str, Any], name: str, where: Any) -> date | None:
    value = values.get(name)
    if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        pass
    raise UserFileError(f"{where(name)}: {name} is {shown(value)}; write a day such as 2026-01-31")
