"""HTML tables -> cells of plain text. Markdown is in markdown_tables; what a cell means, in the parser of the page."""

import re
from dataclasses import dataclass, field
from itertools import islice, pairwise

from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString

from pipelines.sources.parsed import ParseError
from pipelines.sources.shown_text import unseen_strings

MAX_TABLES = 500
MAX_ROWS = 5_000
MAX_COLUMNS = 100
MAX_CELL_TEXT = 2_000
MAX_CELL_NODES = 1_000

UNSEEN_PRICE = "(a price struck through or hidden)"
_PRICE = re.compile(r"[$\u20ac\u00a3]\s?\d", re.ASCII)
_HEADINGS = ["h1", "h2", "h3", "h4", "h5", "h6"]
_BREAKS = ("br", "hr", "p", "li", "div")
_ICONS = re.compile("[\ue000-\uf8ff\u200b\ufeff]")
_HYPHENS = re.compile("[\u2010\u2011]")
_BLANKS = re.compile(r"[^\S\n]+")


@dataclass
class Table:
    """One table: the nearest heading above it, one header and one cell text per column.

    `errors` holds rows that do not fit the header, or what else made (part of) the table unreadable: rows named
    there are not in `rows`, and the caller turns them into rejects. `node` is the place in the page (HTML only).
    """

    heading: str
    headers: list[str]
    rows: list[list[str]]
    errors: list[str] = field(default_factory=list)
    node: Tag | None = field(default=None, repr=False, compare=False)


def clean_text(text: str) -> str:
    """Text without icon glyphs and odd blanks or hyphens; blanks collapse, line breaks stay, length is bounded."""
    text = _HYPHENS.sub("-", _ICONS.sub("", text)[:MAX_CELL_TEXT])
    lines = (_BLANKS.sub(" ", line).strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def cell_text(node: Tag) -> str:
    """The text that a person sees in a cell or paragraph: `<br>`, `<hr>` and blocks break the line.

    Footnotes and what is struck through or hidden are left out, see `shown_text`. A cell whose only price is so is not
    empty: `UNSEEN_PRICE` stands for it, which no reader takes for a price or for none.
    """
    unseen = unseen_strings(node, MAX_CELL_NODES)
    parts: list[str] = []
    # Bounded, because a hostile page nests cells in cells and each of them is read.
    for child in islice(node.descendants, MAX_CELL_NODES):
        if isinstance(child, Tag):
            if child.name in _BREAKS:
                parts.append("\n")
        elif type(child) is NavigableString and id(child) not in unseen:
            parts.append(re.sub(r"\s+", " ", child))
    text = clean_text("".join(parts))
    return UNSEEN_PRICE if not text and unseen and _PRICE.search(node.get_text()[:MAX_CELL_TEXT]) else text


def html_tables(page: BeautifulSoup | Tag | bytes, *, is_padded: bool = False) -> list[Table]:
    """All tables of a page with spans expanded, in page order.

    A cell with rowspan or colspan is repeated in each place that it covers. Header rows (those of `<thead>`, or
    the leading rows of `<th>` only) are joined column by column: "Short context / Input". Tables inside tables are
    tables of their own. `is_padded`: rows that end early are filled with empty cells, as browsers show them; a parser
    that asks for this must tell by the first cells of a row that none is missing in front. Raises ParseError when the
    page holds more than MAX_TABLES.
    """
    soup = BeautifulSoup(page, "lxml") if isinstance(page, bytes) else page
    nodes = soup.find_all("table")
    if len(nodes) > MAX_TABLES:
        raise ParseError(f"{len(nodes)} tables in one page, more than {MAX_TABLES}")
    return [_html_table(node, is_padded=is_padded) for node in nodes]


def _html_table(node: Tag, *, is_padded: bool) -> Table:
    heading = node.find_previous(_HEADINGS)
    table = Table(cell_text(heading) if heading else "", [], [], node=node)
    lines = [line for line in node.find_all("tr", limit=MAX_ROWS + 1) if line.find_parent("table") is node]
    if len(lines) > MAX_ROWS:
        table.errors.append(f"more than {MAX_ROWS} rows")
        return table
    grid = _expand_spans(lines)
    height = _header_height(lines)
    if height == 0:
        table.errors.append("no header row")
        return table
    table.headers = _joined_headers(grid[:height])
    body = [row for row, line in zip(grid[height:], lines[height:], strict=True) if not _is_carrier(line)]
    if is_padded:
        body = [[*row, *[""] * (len(table.headers) - len(row))] if len(row) > 1 else row for row in body]
    keep_fitting(table, body)
    return table


def _is_carrier(line: Tag) -> bool:
    """Whether a row holds nothing but one cell that spans down: it is empty itself."""
    cells = _cells(line)
    return len(cells) == 1 and _span(cells[0], "rowspan", MAX_ROWS) > 1


def _header_height(lines: list[Tag]) -> int:
    """How many leading rows are headers. A header cell in the first column of a body row does not make one."""
    height = 0
    for line in lines:
        in_head = line.find_parent("thead") is not None
        cells = _cells(line)
        if not in_head and (not cells or any(cell.name != "th" for cell in cells)):
            break
        height += 1
    return height


def _cells(line: Tag) -> list[Tag]:
    return line.find_all(["td", "th"], recursive=False)


def _span(cell: Tag, name: str, limit: int) -> int:
    """A rowspan or colspan of 1 to `limit`; anything unreadable counts as 1, as in browsers."""
    text = str(cell.get(name, "1")).strip()
    return min(max(int(text), 1), limit) if re.fullmatch(r"[0-9]{1,4}", text) else 1


def _expand_spans(lines: list[Tag]) -> list[list[str]]:
    """Cell texts by row and column, where a spanning cell fills every place that it covers."""
    carried: dict[int, tuple[int, str]] = {}
    grid = []
    for line in lines:
        row: list[str] = []
        below: dict[int, tuple[int, str]] = {}
        for cell in [*_cells(line), None]:
            while len(row) in carried:
                left, text = carried[len(row)]
                if left > 1:
                    below[len(row)] = (left - 1, text)
                row.append(text)
            if cell is None:
                break
            text, height = cell_text(cell), _span(cell, "rowspan", MAX_ROWS)
            for _ in range(_span(cell, "colspan", MAX_COLUMNS)):
                if height > 1:
                    below[len(row)] = (height - 1, text)
                row.append(text)
        carried = below
        grid.append(row)
    return grid


def _joined_headers(lines: list[list[str]]) -> list[str]:
    """One header per column out of one or more header rows; texts that repeat downwards are named once."""
    width = max(len(line) for line in lines)
    columns = ([line[place] for line in lines if place < len(line)] for place in range(width))
    return [" / ".join(text for above, text in pairwise(["", *texts]) if text not in ("", above)) for texts in columns]


def keep_fitting(table: Table, lines: list[list[str]]) -> None:
    """Move the rows of header width into the table and name the others as errors; empty rows are none."""
    width = len(table.headers)
    if width > MAX_COLUMNS:
        table.errors.append(f"{width} columns, more than {MAX_COLUMNS}")
        return
    for line in lines:
        if len(line) == width:
            table.rows.append(line)
        elif any(line):
            table.errors.append(f"{len(line)} cells under {width} headers: {' | '.join(line)[:300]}")
