"""Values and rows as tables, escaped and never cut. What a table is about is for the views beside it.

A terminal gets a box whose columns are as wide as their figures and words; where it is too narrow for that, some
columns are chosen, or each row becomes a record of one line per value. A pipe gets plain lines.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape, render
from rich.table import Table

from pipelines.cli.views.column_choice import BORDER, choose_columns, longest_word, widest_line, widths_of

if TYPE_CHECKING:
    import polars as pl

ROOM_FOR_WORDS = 16
"""What a column of words keeps at least before a table becomes records."""
BELOW = 2
"""How far a value stands in below its name."""
LONGEST_NAME = 40
"""A longer word is an address, which may be folded."""


def cell(value: Any) -> str:
    """One value as escaped text on one line, nothing cut; NULL as an empty cell."""
    return escape(_text(value))


def about(answer: dict[str, Any], logs: str) -> str:
    """Whose figures an answer has: a scenario's, by name, or those of `logs`."""
    return f"scenario {answer['scenario']}" if answer.get("scenario") else logs


def print_frame(
    console: Console, frame: "pl.DataFrame", title: str, limit: int | None = None, main: Sequence[str] | None = None
) -> None:
    """A frame as a table under its title; says how many rows are not shown. `main`: as in `print_rows`."""
    _print(console, frame if limit is None else frame.head(limit), title, main)
    if limit is not None and frame.height > limit:
        left = frame.height - limit
        console.print(f"... and {left} row{'s' * (left > 1)} more", highlight=False)


def print_rows(console: Console, frame: "pl.DataFrame", row_count: int, main: Sequence[str] | None = None) -> None:
    """The rows of an answer: a table where it fits, else its most important columns, else a record for each.

    `row_count`: rows that there are, of which `frame` may hold the first. `main`: columns without which the rows say
    nothing; a terminal that is too narrow for the others leaves those out and says so. None: all of them are.
    """
    rows = "1 row" if row_count == 1 else f"{row_count} rows"
    title = rows if frame.height == row_count else f"{frame.height} of {rows}"
    _print(console, frame, title if console.is_terminal else "", main)


def print_table(console: Console, table: Table, as_above: Sequence[str] = ()) -> None:
    """A table, its cells folded between words; on a terminal too narrow for its words, records.

    `as_above`: columns whose empty cells mean what stands above them; a record and a line of a pipe say it again.
    """
    table.title_justify, table.header_style = "left", "bold"
    names = [_unescaped(column.header) for column in table.columns]
    texts = [[_unescaped(shown) for shown in column.cells] for column in table.columns]
    rights = [column.justify == "right" for column in table.columns]
    room = console.width - BORDER * len(names) - 1
    told = [[name, *cells] for name, cells in zip(names, texts, strict=True)]
    widest = [*map(widest_line, told)]
    least = [
        longest_word(cells) if right else max(min(longest_word(cells), LONGEST_NAME), min(most, ROOM_FOR_WORDS))
        for cells, right, most in zip(told, rights, widest, strict=True)
    ]
    widths = widths_of(widest, least, rights, room)
    if console.is_terminal and widths is not None:
        _print_box(console, table, widths)
        return
    if table.title:
        _say(console, _unescaped(table.title))
    filled = (_filled(cells) if name in as_above else cells for name, cells in zip(names, texts, strict=True))
    rows = list(zip(*filled, strict=True))
    if console.is_terminal:
        _print_records(console, names, rows, is_empty_told=False)
    else:
        _print_lines(console, names, rows, rights)


def _print(console: Console, frame: "pl.DataFrame", title: str, main: Sequence[str] | None) -> None:
    texts = [[_text(value) for value in column.to_list()] for column in frame.iter_columns()]
    rights = [dtype.is_numeric() for dtype in frame.dtypes]
    choice = choose_columns(frame.columns, texts, main, console.width) if console.is_terminal else None
    if choice is None:
        if title:
            _say(console, title)
        rows = list(zip(*texts, strict=True))
        if console.is_terminal:
            _print_records(console, frame.columns, rows)
        else:
            _print_lines(console, frame.columns, rows, rights)
        return
    table = Table(title=escape(title), title_justify="left", header_style="bold", pad_edge=False, show_edge=False)
    for place in choice.places:
        table.add_column(escape(frame.columns[place]), justify="right" if rights[place] else "left")
    for row in zip(*(texts[place] for place in choice.places), strict=True):
        table.add_row(*map(escape, row))
    _print_box(console, table, choice.widths)
    if choice.same:
        told = (f"{name} {value or 'empty'}" for name, value in choice.same.items())
        _say(console, f"in every row: {', '.join(told)}")
    if choice.left_out:
        _say(console, f"no room for {', '.join(choice.left_out)}: --csv, --json or a wider terminal shows them")


def _print_box(console: Console, table: Table, widths: Sequence[int]) -> None:
    for column, width in zip(table.columns, widths, strict=True):
        column.width, column.overflow = width, "fold"
    console.print(table)


def _print_lines(console: Console, names: Sequence[str], rows: Sequence[Sequence[str]], rights: Sequence[bool]) -> None:
    """Columns side by side for a program or a file, without lines and without an end to their width."""
    widths = [widest_line(cells) for cells in zip(names, *rows, strict=True)]
    for row in (names, *rows):
        for lines in zip_longest(*(text.split("\n") for text in row), fillvalue=""):
            padded = (_padded(*one) for one in zip(lines, widths, rights, strict=True))
            _say(console, f" {'  '.join(padded)} ")


def _print_records(
    console: Console, names: Sequence[str], rows: Iterable[Sequence[str]], *, is_empty_told: bool = True
) -> None:
    """A line for each value of a row, folded beside its name; below it, where one of its words has no room there."""
    indent = max(map(cell_len, names), default=0) + 2
    for number, row in enumerate(rows, 1):
        _say(console, f"row {number}")
        for name, text in zip(names, row, strict=True):
            if not text and not is_empty_told:
                continue
            room = console.width - indent
            is_below = room < max(longest_word([text]), min(widest_line([text]), ROOM_FOR_WORDS))
            if is_below:
                _say(console, name)
            begin = BELOW if is_below else indent
            lines = [part for line in text.split("\n") for part in _folded(line, console.width - begin)]
            for said, part in zip_longest(() if is_below else (name,), lines, fillvalue=""):
                _say(console, f"{_padded(said, begin)}{part}".rstrip())


def _filled(cells: Sequence[str]) -> list[str]:
    filled: list[str] = []
    for shown in cells:
        filled.append(shown or (filled[-1] if filled else ""))
    return filled


def _folded(line: str, room: int) -> list[str]:
    """Lines of at most `room` characters, broken at blanks alone: a longer word is for the terminal to carry over."""
    lines: list[str] = []
    for word in line.split(" ") if cell_len(line) > room else [line]:
        if lines and cell_len(lines[-1]) + 1 + cell_len(word) <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _padded(text: str, width: int, is_right: bool = False) -> str:
    blank = " " * (width - cell_len(text))
    return blank + text if is_right else text + blank


def _say(console: Console, line: str) -> None:
    """A line as it is: no markup, no folding, quick for many."""
    console.file.write(f"{line}\n")


def _text(value: Any) -> str:
    if value is None:
        return ""
    # A sum of nothing has digits too: as text of its own it is 0E-12.
    said = _part(value)
    return said if said.isprintable() else "".join(one if one.isprintable() else " " for one in said)


def _part(value: Any) -> str:
    """A value, or one inside a list or a struct, with all its digits and members."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name}: {_part(part)}' for name, part in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_part, value))}]"
    if value is None:
        return "NULL"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _unescaped(shown: Any) -> str:
    return render(str(shown)).plain
