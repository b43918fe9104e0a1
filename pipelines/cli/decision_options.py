"""What every command about a decision asks: a scenario or logs, since when, for which day. Reading it, nothing more."""

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from pipelines.cli.terminal import BAD_INPUT, NEEDS_A_LOOK, now, say_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipelines.decisions.scenario import Scenario
    from pipelines.warehouse.published import PublishedWarehouse

MAX_DAYS = 3660
DEFAULT_DAYS = 30
MIN_YEAR, MAX_YEAR = 2000, 2999
"""Decisions look years back and ahead of a day, and a calendar has two ends."""
DAYS_PER_WEEK = 7
NO_PRICE = "no price: "
"""How the reason begins of a model that has none, or had none then: the question makes sense."""
UNLISTED = "unknown_model"
"""The reason of a price that is missing because no list has the model."""
FALLBACK_SCENARIO = "support-bot"
"""What is answered from where nothing is logged and no scenario is named; the answer says so."""


def in_calendar(value: datetime | None) -> datetime | None:
    """For the options of a period: a day with years before and after it. Ends the command where it is none."""
    if value is not None and not MIN_YEAR <= value.year <= MAX_YEAR:
        refuse(f"{value.date()}: write a day of {MIN_YEAR} to {MAX_YEAR}")
    return value


DAY: dict[str, Any] = {"formats": ["%Y-%m-%d"], "callback": in_calendar}
"""What every option for a day of a period has."""
ScenarioOption = Annotated[
    str | None, typer.Option("--scenario", metavar="FILE|NAME", help="A scenario file, or one that ships, by name.")
]
SinceOption = Annotated[
    str | None, typer.Option("--since", metavar="DAYS", help="Days of logs before --date: 10d, 4w. Default: 30d.")
]
DateOption = Annotated[str | None, typer.Option("--date", metavar="DAY", help="Prices of that day. Default: today.")]
JsonOption = Annotated[bool, typer.Option("--json", help="All digits and the evidence, as JSON.")]


def days_since(text: str | None) -> int:
    """`30d`, `30` or `4w` as days; 30 where nothing is said. Ends the command where it is neither."""
    if text is None:
        return DEFAULT_DAYS
    found = re.fullmatch(r"(\d{1,4})\s*(d|days?|w|weeks?)?", text.strip())
    days = int(found[1]) * (DAYS_PER_WEEK if (found[2] or "d")[0] == "w" else 1) if found else 0
    if not 1 <= days <= MAX_DAYS:
        refuse(f"--since {text}: write days or weeks, 1 to {MAX_DAYS} days, such as 30d or 4w")
    return days


def day_of(text: str | None, option: str = "--date") -> date:
    """The day asked for; today by default. Ends the command where it is no day; says so where it is to come."""
    if text is None:
        return now().date()
    try:
        day = date.fromisoformat(text)
    except ValueError:
        refuse(f"{option} {text}: write a day such as 2026-09-01")
    if not MIN_YEAR <= day.year <= MAX_YEAR:
        refuse(f"{option} {text}: write a day before {MAX_YEAR + 1} and from {MIN_YEAR} on")
    if day > now().date():
        say_error(f"costs: {option} {text} lies in the future: the answer is by what is known or announced until now")
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


def no_usage(warehouse: "PublishedWarehouse", days: int, day: date, of: str = "") -> str:
    """That nothing is logged in the days before a day, and which days the logs do have."""
    told = f"no usage{of} is logged in the {days} days before {day}"
    if not warehouse.published_file.exists():
        return told
    with warehouse.read() as connection:
        query = "SELECT min(usage_date), max(usage_date) FROM main.cost_daily"
        first, last = connection.execute(query).fetchone() or (None, None)
    if last is None:
        return told
    return f"{told} (the logs have {first} to {last}: --date {last + timedelta(days=1)} answers from them)"


def refuse(reason: str) -> NoReturn:
    """End the command: it was asked for what makes no sense, or (1) for a price that there is not, or not then."""
    say_error(f"costs: {reason}")
    raise typer.Exit(NEEDS_A_LOOK if UNLISTED in reason or NO_PRICE in reason else BAD_INPUT)


def end_where_unlisted(warehouse: "PublishedWarehouse", answer: Any, *asked: str | None) -> None:
    """End a command whose answer says that no price list has a model that it was asked for; names it and its like."""
    named = sorted(set(filter(None, asked)) & set(_unlisted(answer)))
    if named:
        for model in named:
            say_error(f"costs: no price list has {model}{_hint(warehouse, model)}")
        raise typer.Exit(NEEDS_A_LOOK)


def refuse_unlisted(warehouse: "PublishedWarehouse", model: str) -> None:
    """End the command where no price list has ever had a model."""
    from pipelines.costs.price_list import listed_like

    if listed_like(warehouse, model) is not None:
        say_error(f"costs: no price list has {model}{_hint(warehouse, model)}")
        raise typer.Exit(NEEDS_A_LOOK)


def _hint(warehouse: "PublishedWarehouse", model: str) -> str:
    from pipelines.costs.price_list import listed_like

    like = listed_like(warehouse, model)
    if like is None:
        return " from that provider, channel and region: `costs prices` lists what it has"
    return f"; did you mean {like}? ({UNLISTED})" if like else f": {UNLISTED}"


def _unlisted(answer: Any) -> "Iterator[str]":
    """The models of an answer that it calls unknown: each beside its reason, or in the target beside its reasons."""
    rows = answer if isinstance(answer, list) else list(answer.values()) if isinstance(answer, dict) else []
    if isinstance(answer, dict):
        model = answer.get("model") or (answer.get("target") or {}).get("model")
        if model and UNLISTED in f"{answer.get('reason')} {answer.get('unknown')}":
            yield model
    for row in rows:
        yield from _unlisted(row)
