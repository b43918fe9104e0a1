"""What every command about a decision asks: a scenario or logs, since when, for which day. Reading it, nothing more."""

import re
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from pipelines.cli.terminal import BAD_INPUT, now, say_error

if TYPE_CHECKING:
    from pipelines.decisions.scenario import Scenario

MAX_DAYS = 3660
FALLBACK_SCENARIO = "support-bot"
"""What is answered from where nothing is logged and no scenario is named; the answer says so."""

ScenarioOption = Annotated[
    str | None, typer.Option("--scenario", metavar="FILE|NAME", help="A scenario file, or one that ships, by name.")
]
SinceOption = Annotated[str, typer.Option("--since", metavar="DAYS", help="Days of logs before --date, such as 30d.")]
DateOption = Annotated[str | None, typer.Option("--date", metavar="DAY", help="Prices of that day. Default: today.")]
JsonOption = Annotated[bool, typer.Option("--json", help="All digits and the evidence, as JSON.")]


def days_since(text: str) -> int:
    """`30d` or `30` as days. Ends the command where it is neither."""
    found = re.fullmatch(r"(\d{1,4})\s*(d|days?)?", text.strip())
    if not found or not 1 <= int(found[1]) <= MAX_DAYS:
        refuse(f"--since {text}: write days, 1 to {MAX_DAYS}, such as 30d")
    return int(found[1])


def day_of(text: str | None) -> date:
    """The day asked for; today by default. Ends the command where it is no day."""
    if text is None:
        return now().date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        refuse(f"--date {text}: write a day such as 2026-09-01")


def share_of(option: str, text: str) -> Decimal:
    """A share as text, 0 to 1. Ends the command where it is none."""
    from pipelines.decisions.setting import Share

    try:
        return Share().read(Decimal(text))
    except (ArithmeticError, ValueError) as error:
        said = str(error) if isinstance(error, ValueError) else "write a share from 0 to 1, such as 0.05"
        refuse(f"{option} {text}: {said}")


def scenario_of(name_or_path: str) -> "Scenario":
    """The scenario asked for. Ends the command with file, line and remedy where it has a mistake."""
    from pipelines.decisions.scenario_file import read_scenario
    from pipelines.models.user_csv import UserFileError

    try:
        return read_scenario(name_or_path)
    except UserFileError as error:
        refuse(str(error))


def refuse(reason: str) -> NoReturn:
    """End the command: it was asked for what makes no sense."""
    say_error(f"costs: {reason}")
    raise typer.Exit(BAD_INPUT)
