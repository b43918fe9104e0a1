"""What every command shares: both outputs, the progress bar, and the clock. What is printed is in `views`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

Advance = Callable[[str], None]

NEEDS_A_LOOK = 1
"""Exit code of a command that is done, but for something that it names."""
BAD_INPUT = 2
"""Exit code of a command that was asked for what makes no sense."""
SOMETHING_FAILED = 3
"""Exit code where a source or a step failed, or the warehouse cannot be used."""
SECONDS_APART = 1.0
"""Between two lines of progress."""
WIDTH_OF_A_PIPE = 100_000
"""Nothing is folded or cut for a program or a file."""


def now() -> datetime:
    """The clock of the command line, naive UTC."""
    return datetime.now(UTC).replace(tzinfo=None)


@cache
def console() -> "Console":
    """Standard output; wide where it is a file or a pipe. What looks like an emoji in data is data."""
    from rich.console import Console

    shown = Console(emoji=False)
    return shown if shown.is_terminal else Console(emoji=False, width=WIDTH_OF_A_PIPE)


@cache
def errors() -> "Console":
    """Standard error."""
    from rich.console import Console

    return Console(stderr=True, emoji=False)


def say_error(text: str) -> None:
    """One line on standard error, as it is: text from outside is no markup, and a path is not folded."""
    errors().print(text, markup=False, highlight=False, soft_wrap=True)


@contextmanager
def progress(total: int) -> Iterator[Advance]:
    """Progress on stderr, a bar in a terminal, else lines; the function given advances it and says what comes next."""
    if errors().is_terminal:
        with _bar(total) as advance:
            yield advance
    else:
        yield _lines(total)


def _lines(total: int) -> Advance:
    """A line for what begins, as long as the last one was a second ago: a folder may hold thousands of files."""
    count, told_at = 0, -SECONDS_APART

    def advance(name: str) -> None:
        nonlocal count, told_at
        count += 1
        if monotonic() - told_at >= SECONDS_APART:
            told_at = monotonic()
            say_error(f"{count}/{total} {name}")

    return advance


@contextmanager
def _bar(total: int) -> Iterator[Advance]:
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:<32}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=errors(), transient=not console().is_terminal) as bar:
        task = bar.add_task("starting", total=total)
        started = False

        def advance(name: str) -> None:
            nonlocal started
            bar.update(task, description=escape(name), advance=1 if started else 0)
            started = True

        yield advance
        bar.update(task, completed=total, description="done")
