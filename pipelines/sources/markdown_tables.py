"""Markdown tables -> cells of plain text, and the headings above them. HTML is in page_tables."""

import html
import re
from collections.abc import Iterator

from bs4 import BeautifulSoup

from pipelines.sources.page_tables import (
    MAX_CELL_TEXT,
    MAX_ROWS,
    MAX_TABLES,
    Table,
    cell_text,
    clean_text,
    keep_fitting,
)
from pipelines.sources.parsed import ParseError

_HEADING = re.compile(r"(#{1,6})(?:\s+(.*))?")
_RULE = re.compile(r"\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()]*\)")
_BREAK = re.compile(r"<[bh]r\s*/?>", re.IGNORECASE)
_STRUCK = re.compile(r"~~[^~]*~~|<!--.*?-->", re.DOTALL)
_MARKUP = re.compile(r"</?(?:s|del|strike|sup|sub|small|span|template)\b[^<>]*>", re.IGNORECASE)
_UNESCAPED_PIPE = re.compile(r"(?<!\\)\|")


def markdown_tables(text: str) -> list[Table]:
    """All tables of a Markdown text, with or without outer pipes, in page order; links are reduced to their text.

    Raises ParseError when the text holds more than MAX_TABLES.
    """
    headed = list(headed_lines(text))
    lines = [line for _, line in headed]
    tables: list[Table] = []
    for place, (heading, line) in enumerate(headed):
        if place and "|" in line and "|" in lines[place - 1] and _RULE.fullmatch(line):
            tables.append(_table(heading, lines, place))
        if len(tables) > MAX_TABLES:
            raise ParseError(f"more than {MAX_TABLES} tables in one text")
    return tables


def headed_lines(text: str) -> Iterator[tuple[str, str]]:
    """Each line of a Markdown text with the heading that it stands under; fenced code is blanked.

    A heading may stand on the line after its marks, as converters of HTML write it.
    """
    heading, is_open, is_code = "", False, False
    for raw_line in text.splitlines():
        is_fence = raw_line.lstrip().startswith("```")
        line = "" if is_code or is_fence else raw_line.strip()
        is_code ^= is_fence
        marked = _HEADING.fullmatch(line)
        if marked:
            heading, is_open = plain_markdown(marked.group(2) or ""), not marked.group(2)
        elif is_open and line:
            heading, is_open = plain_markdown(line), False
        yield heading, line


def _table(heading: str, lines: list[str], rule: int) -> Table:
    """The table whose `---|---` line stands at `rule`; it ends at the first line without a pipe."""
    table = Table(heading, _cells(lines[rule - 1]), [])
    width = len(_UNESCAPED_PIPE.split(_bare(lines[rule])))
    if width != len(table.headers):
        table.errors.append(f"{width} rules under {len(table.headers)} headers")
        return table
    body = list(_body_lines(lines, rule + 1))
    if len(body) > MAX_ROWS:
        table.errors.append(f"more than {MAX_ROWS} rows")
        return table
    keep_fitting(table, [_cells(line) for line in body])
    return table


def _body_lines(lines: list[str], start: int) -> Iterator[str]:
    for line in lines[start : start + MAX_ROWS + 1]:
        if "|" not in line:
            return
        yield line


def _bare(line: str) -> str:
    """A table line without its outer pipes."""
    line = line.strip().removeprefix("|")
    return line[:-1] if line.endswith("|") and not line.endswith("\\|") else line


def _cells(line: str) -> list[str]:
    return [plain_markdown(cell.replace("\\|", "|")) for cell in _UNESCAPED_PIPE.split(_bare(line))]


def plain_markdown(cell: str) -> str:
    """Plain text: links by their text, no backticks or bold marks, `<br>` as a line break, nothing struck through."""
    text = _BREAK.sub("\n", _LINK.sub(r"\1", cell[:MAX_CELL_TEXT]))
    text = _STRUCK.sub("", text)
    if _MARKUP.search(text):
        lines = text.split("\n")
        return "\n".join(filter(None, (_cleaned(cell_text(BeautifulSoup(line, "html.parser"))) for line in lines)))
    return _cleaned(html.unescape(text))


def _cleaned(text: str) -> str:
    return clean_text(text.replace("`", "").replace("**", ""))
