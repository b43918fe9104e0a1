"""Mutations of the tables of a page: rows and columns that stand elsewhere, twice or not at all. No figure changes."""

import re
from collections.abc import Callable
from itertools import pairwise

from tools.page_mutations.grid import Grid, Row, Span, grids, is_price, of, put
from tools.page_mutations.text_mutations import TextMutation

Changes = dict[Span, str]
_USD = re.compile(r"(?<=\$)\d+(?:\.\d+)?", re.ASCII)


def priced(text: str) -> list[Grid]:
    """Tables with two prices or more in a row."""
    return [grid for grid in grids(text) if any(len(_prices(text, row)) > 1 for row in grid.rows)]


def _prices(text: str, row: Row) -> list[int]:
    return [place for place, cell in enumerate(row.cells) if is_price(of(text, cell))]


def _in(change: Callable[[str, Grid], Changes], *, only_first: bool) -> TextMutation:
    """A change of the first priced table that it changes, or of all."""

    def mutate(text: str) -> str:
        found: Changes = {}
        for grid in priced(text):
            found |= change(text, grid)
            if found and only_first:
                break
        return put(text, found)

    return mutate


def _headings_exchanged(one: str, other: str) -> Callable[[str, Grid], Changes]:
    """The headings of two columns in each other's places, or, where there are none, the prices of both."""

    def change(text: str, grid: Grid) -> Changes:
        cells = grid.header.cells if grid.header else ()
        found = []
        for word in (one, other):
            alike = [cell for cell in cells if re.search(word, of(text, cell), re.IGNORECASE) and cell not in found]
            found += alike[:1]
        return {found[0]: of(text, found[1]), found[1]: of(text, found[0])} if len(found) == 2 else {}

    return change


def _prices_exchanged(first: int, second: int) -> Callable[[str, Grid], Changes]:
    """Of each row the prices at two places exchanged."""

    def change(text: str, grid: Grid) -> Changes:
        found: Changes = {}
        for row in grid.rows:
            places = _prices(text, row)
            if len(places) > 1:
                one, other = row.cells[places[first]], row.cells[places[second]]
                found |= {one: of(text, other), other: of(text, one)}
        return found

    return change


def _models(text: str, grid: Grid) -> list[Row]:
    """Rows of one model each: as wide as most, with prices."""
    rows = [row for row in grid.rows if _prices(text, row) and not is_price(of(text, row.cells[0]))]
    width = max((len(row.cells) for row in rows), default=0)
    return [row for row in rows if len(row.cells) == width]


def _names_exchanged(text: str, grid: Grid) -> Changes:
    rows = _models(text, grid)[:2]
    if len(rows) < 2:
        return {}
    one, other = (row.cells[0] for row in rows)
    return {one: of(text, other), other: of(text, one)}


def _name_repeated(text: str, grid: Grid) -> Changes:
    rows = _models(text, grid)[:2]
    return {rows[1].cells[0]: of(text, rows[0].cells[0])} if len(rows) == 2 else {}


def _names_down(text: str, grid: Grid) -> Changes:
    rows = _models(text, grid)
    names = [of(text, row.cells[0]) for row in rows]
    return {row.cells[0]: name for row, name in zip(rows, [*names[-1:], *names[:-1]], strict=True)}


def _prices_up(place: int) -> Callable[[str, Grid], Changes]:
    """The prices of one column one row higher; the last stays."""

    def change(text: str, grid: Grid) -> Changes:
        rows = [row for row in _models(text, grid) if len(_prices(text, row)) > place]
        cells = [row.cells[_prices(text, row)[place]] for row in rows]
        return {cell: of(text, below) for cell, below in pairwise(cells)}

    return change


def _headings_right(text: str, grid: Grid) -> Changes:
    cells = grid.header.cells[1:] if grid.header else ()
    names = [of(text, cell) for cell in cells]
    return dict(zip(cells, [*names[-1:], *names[:-1]], strict=True))


def _header_again(text: str, grid: Grid) -> Changes:
    if grid.header is None:
        return {}
    middle = grid.rows[len(grid.rows) // 2].span
    return {(middle[0], middle[0]): of(text, grid.header.span) + "\n"}


def _halved(text: str, grid: Grid) -> Changes:
    return (
        {row.span: "" for row in _models(text, grid)[::2]} if "<tr" in of(text, grid.span) else _lines_gone(text, grid)
    )


def _lines_gone(text: str, grid: Grid) -> Changes:
    return {(row.span[0], min(row.span[1] + 1, len(text))): "" for row in _models(text, grid)[::2]}


def _again(heading: str) -> Callable[[str, Grid], Changes]:
    """The table once more below itself at other prices."""

    def change(text: str, grid: Grid) -> Changes:
        table = of(text, grid.span)
        other = _USD.sub(lambda m: f"{float(m.group()) * 1.5:g}", table)
        mark = heading
        if heading:
            mark = f"\n<h2>{heading}</h2>\n" if "<t" in table else f"\n\n## {heading}\n"
        return {(grid.span[1], grid.span[1]): f"\n{mark}\n{other}\n"} if other != table else {}

    return change


def _column_gone(which: int) -> Callable[[str, Grid], Changes]:
    """One column of prices empty: its heading stays."""

    def change(text: str, grid: Grid) -> Changes:
        found = {}
        for row in _models(text, grid):
            places = _prices(text, row)
            if len(places) > 1:
                found[row.cells[places[which]]] = "-" if text.lstrip()[:1] != "[" else "null"
        return found

    return change


def _heading_words(before: str, after: str) -> Callable[[str, Grid], Changes]:
    """Words around the headings of the columns of prices."""

    def change(text: str, grid: Grid) -> Changes:
        if grid.header is None:
            return {}
        rows = _models(text, grid)
        places = _prices(text, rows[0]) if rows else []
        cells = [grid.header.cells[place] for place in places if place < len(grid.header.cells)]
        return {cell: f"{before}{of(text, cell).strip()}{after}" for cell in cells}

    return change


def _spanning(text: str, grid: Grid) -> Changes:
    """A price of the first row over that below it too, whose own is gone."""
    rows = _models(text, grid)[:2]
    if len(rows) < 2 or "<td" not in of(text, rows[0].span):
        return {}
    place = _prices(text, rows[0])[-1]
    first, second = rows[0].cells[place], rows[1].cells[place]
    opened = text.rindex("<", 0, first[0])
    closed = text.index(">", second[1])
    start = text.rindex("<", 0, second[0])
    return {(opened + 3, opened + 3): ' rowspan="2"', (start, closed + 1): ""}


def _cell_gone(text: str, grid: Grid) -> Changes:
    """A price cell is missing in each row, so that those behind it move up; an empty one stands at the end."""
    found: Changes = {}
    for row in _models(text, grid):
        places = _prices(text, row)
        if len(places) > 1:
            contents = [of(text, row.cells[place]) for place in places]
            found |= dict(zip([row.cells[p] for p in places], [*contents[1:], " - "], strict=True))
    return found


_TWO_PRICES = _headings_exchanged("spot|standard|on.demand|hour|low", "spot|batch|reserved|second|high")
MOVED: dict[str, TextMutation] = {
    "headings of input and output exchanged": _in(_headings_exchanged("input", "output"), only_first=True),
    "headings of input and cached exchanged": _in(_headings_exchanged("input", "cache|hit"), only_first=True),
    "headings of two prices exchanged": _in(
        _headings_exchanged("spot|standard|on.demand|hour|low", "spot|batch|reserved|second|high"), only_first=True
    ),
    "headings one column right": _in(_headings_right, only_first=True),
    "first and last price of each row exchanged": _in(_prices_exchanged(0, -1), only_first=True),
    "first and second price of each row exchanged": _in(_prices_exchanged(0, 1), only_first=True),
    "prices one column left": _in(_cell_gone, only_first=True),
    "names of two neighbours exchanged": _in(_names_exchanged, only_first=True),
    "names of two neighbours exchanged in each table": _in(_names_exchanged, only_first=False),
    "a name over its neighbour's": _in(_name_repeated, only_first=True),
    "a name over its neighbour's in each table": _in(_name_repeated, only_first=False),
    "names one row down": _in(_names_down, only_first=True),
    "first prices one row up": _in(_prices_up(0), only_first=True),
    "last prices one row up": _in(_prices_up(-1), only_first=True),
    "a price spans two rows": _in(_spanning, only_first=True),
}
REPEATED: dict[str, TextMutation] = {
    "header again in the middle": _in(_header_again, only_first=False),
    "each second row gone": _in(_halved, only_first=False),
    "table again at other prices": _in(_again(""), only_first=True),
    "tables again at other prices": _in(_again(""), only_first=False),
    "table again as old prices": _in(_again("Old prices"), only_first=True),
    "table again as prices of next year": _in(_again("Pricing from January 1, 2027"), only_first=True),
    "column of first prices empty": _in(_column_gone(0), only_first=True),
    "column of last prices empty": _in(_column_gone(-1), only_first=True),
    "headings say old": _in(_heading_words("Old ", ""), only_first=True),
    "headings say until a day": _in(_heading_words("", " (until 2025-12-31)"), only_first=True),
    "headings in euros": _in(_heading_words("", " (\N{EURO SIGN})"), only_first=True),
    "headings in yen": _in(_heading_words("\N{YEN SIGN} ", ""), only_first=True),
    "headings per 1K tokens": _in(_heading_words("", " (per 1K tokens)"), only_first=True),
    "headings per 1M characters": _in(_heading_words("", " (per 1M characters)"), only_first=True),
    "headings in cents": _in(_heading_words("", " (US cents)"), only_first=True),
    "headings per day": _in(_heading_words("", " (per day)"), only_first=True),
}
TABLE_MUTATIONS: dict[str, dict[str, TextMutation]] = {
    "cells of tables moved": MOVED,
    "tables repeated, halved or renamed": REPEATED,
}
