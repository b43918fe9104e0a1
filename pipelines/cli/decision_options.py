"""What every command about a decision asks: a scenario or logs, since when, for which day. Reading it, nothing more."""

import re
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from pipelines.cli.terminal import BAD_INPUT, NEEDS_A_LOOK, now, say_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipelines.decisions.scenario import Scenario

MAX_DAYS = 3660
DEFAULT_DAYS = 30
MAX_YEAR = 2999
"""Decisions look years ahead of a day, and a calendar has an end."""
UNLISTED = "unknown_model"
"""The reason of a price that is missing because no list has the model."""
FALLBACK_SCENARIO = "support-bot"
"""What is answered from where nothing is logged and no scenario is named; the answer says so."""

ScenarioOption = Annotated[
    str | None, typer.Option("--scenario", metavar="FILE|NAME", help="A scenario file, or one that ships, by name.")
]
SinceOption = Annotated[
    str | None, typer.Option("--since", metavar="DAYS", help="Days of logs before --date. Default: 30d.")
]
DateOption = Annotated[str | None, typer.Option("--date", metavar="DAY", help="Prices of that day. Default: today.")]
JsonOption = Annotated[bool, typer.Option("--json", help="All digits and the evidence, as JSON.")]


def days_since(text: str | None) -> int:
    """`30d` or `30` as days; 30 where nothing is said. Ends the command where it is neither."""
    if text is None:
        return DEFAULT_DAYS
    found = re.fullmatch(r"(\d{1,4})\s*(d|days?)?", text.strip())
    if not found or not 1 <= int(found[1]) <= MAX_DAYS:
        refuse(f"--since {text}: write days, 1 to {MAX_DAYS}, such as 30d")
    return int(found[1])


def day_of(text: str | None) -> date:
    """The day asked for; today by default. Ends the command where it is no day."""
    if text is None:
        return now().date()
    try:
        day = date.fromisoformat(text)
    except ValueError:
        refuse(f"--date {text}: write a day such as 2026-09-01")
    if day.year > MAX_YEAR:
        refuse(f"--date {text}: write a day before {MAX_YEAR + 1}")
    return day


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


def refuse_options_of_logs(command: str, because_of: str, **given: object) -> None:
    """End the command where an option about logs is given beside one that is answered without them.

    `because_of`: that other option; `given`: values of options by name, what nobody gave is None.
    """
    named = [f"--{name.rstrip('_').replace('_', '-')}" for name, value in given.items() if value]
    if named:
        told = "are about logs; leave them out, or" if len(named) > 1 else "is about logs; leave it out, or"
        refuse(f"{command}: {' and '.join(named)} {told} {because_of}")


def answer_of_scenario(
    name_or_path: str | None, answer_of: "Callable[[Scenario], dict[str, Any]]", why: str
) -> dict[str, Any]:
    """The answer for the scenario asked for; for one that ships where none is, which a note then says with `why`."""
    answer = answer_of(scenario_of(name_or_path or FALLBACK_SCENARIO))
    if name_or_path is None:
        answer["notes"].insert(0, f"{why}: answered from scenario {FALLBACK_SCENARIO}, which ships")
    return answer


def refuse(reason: str) -> NoReturn:
    """End the command: it was asked for what makes no sense, or (1) for a model that no price list has."""
    say_error(f"costs: {reason}")
    raise typer.Exit(NEEDS_A_LOOK if UNLISTED in reason else BAD_INPUT)


def end_where_unlisted(answer: Any, *asked: str | None) -> None:
    """End a command whose answer says that no price list has a model that it was asked for; names the model."""
    named = sorted(set(filter(None, asked)) & set(_unlisted(answer)))
    if named:
        say_error(f"costs: no price list has {', '.join(named)}: {UNLISTED}")
        raise typer.Exit(NEEDS_A_LOOK)


def _unlisted(answer: Any) -> "Iterator[str]":
    """The models of an answer that it calls unknown: each beside its reason, or in the target beside its reasons."""
    rows = answer if isinstance(answer, list) else list(answer.values()) if isinstance(answer, dict) else []
    if isinstance(answer, dict):
        model = answer.get("model") or (answer.get("target") or {}).get("model")
        if model and UNLISTED in f"{answer.get('reason')} {answer.get('unknown')}":
            yield model
    for row in rows:
        yield from _unlisted(row)
