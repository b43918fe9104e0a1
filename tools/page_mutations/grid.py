"""The tables of a page as spans of its text, so that a mutation moves cells and leaves all else as it was printed."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

Span = tuple[int, int]
_TABLE = re.compile(r"<table\b.*?</table>", re.DOTALL | re.IGNORECASE)
_ROW = re.compile(r"<tr\b.*?</tr>", re.DOTALL | re.IGNORECASE)
_CELL = re.compile(r"<(t[dh])\b[^<>]*>(.*?)</\1>", re.DOTALL | re.IGNORECASE)
_LINE = re.compile(r"[^\n]+")
_MARKDOWN_CELL = re.compile(r"(?:\\\||[^|\n])+")
_RULE = re.compile(r"[\s|:-]+")
_COMPONENT_ROW = re.compile(r"\s*\[\"[^\n]*\],?\s*")
_LITERAL = re.compile(r"\"(?:[^\"\\]|\\.)*\"|[^\s,\[\]\"]+")


@dataclass(frozen=True)
class Row:
    """One row: where it stands and where its cells' contents do."""

    span: Span
    cells: tuple[Span, ...]


@dataclass(frozen=True)
class Grid:
    """One table; rows of a component (`["gpt-5", 1.25, 10],`) have no header."""

    span: Span
    header: Row | None
    rows: tuple[Row, ...]


def grids(text: str) -> list[Grid]:
    """All tables of HTML, Markdown or component rows, in that order of preference, with at least two rows."""
    for read in (_html, _markdown, _components):
        found = [grid for grid in read(text) if len(grid.rows) > 1]
        if found:
            return found
    return []


def put(text: str, changes: Mapping[Span, str]) -> str:
    """The text with other contents in some spans, which do not overlap."""
    parts, place = [], 0
    for (start, end), content in sorted(changes.items()):
        parts += [text[place:start], content]
        place = end
    return "".join([*parts, text[place:]])


def of(text: str, span: Span) -> str:
    """The content of a span."""
    return text[span[0] : span[1]]


def _html(text: str) -> Iterator[Grid]:
    for table in _TABLE.finditer(text):
        rows = [
            Row(row.span(), tuple(cell.span(2) for cell in _CELL.finditer(text, *row.span())))
            for row in _ROW.finditer(text, *table.span())
        ]
        if len(rows) > 1:
            yield Grid(table.span(), rows[0], tuple(rows[1:]))


def _lines(text: str, is_row: Callable[[str], bool]) -> Iterator[list[Span]]:
    """Spans of lines that follow each other and are rows."""
    for is_table, lines in groupby(_LINE.finditer(text), lambda line: is_row(line.group())):
        if is_table:
            yield [line.span() for line in lines]


def _markdown(text: str) -> Iterator[Grid]:
    for lines in _lines(text, lambda line: "|" in line):
        if len(lines) > 2 and _RULE.fullmatch(of(text, lines[1])):
            rows = [
                Row(line, tuple(cell.span() for cell in _MARKDOWN_CELL.finditer(text, *line) if cell.group().strip()))
                for line in lines
            ]
            yield Grid((lines[0][0], lines[-1][1]), rows[0], tuple(rows[2:]))


def _components(text: str) -> Iterator[Grid]:
    for lines in _lines(text, lambda line: _COMPONENT_ROW.fullmatch(line) is not None):
        rows = [Row(line, tuple(cell.span() for cell in _LITERAL.finditer(text, *line))) for line in lines]
        yield Grid((lines[0][0], lines[-1][1]), None, tuple(rows))


def is_price(content: str) -> bool:
    """Whether a cell holds one price and little else."""
    bare = re.sub(r"<[^<>]*>", "", content).strip().replace("\\", "")
    if re.fullmatch(r"\d+(\.\d+)?", bare) and content == bare:
        return isinstance(json.loads(bare), (int, float))
    return re.match(r"\$\s?\d", bare) is not None
