"""Gemini's pricing page as a reader service hands it on (Markdown) -> the HTML that `gemini.py` reads.

A reader keeps sections, request ids and tables, and loses the line breaks in cells and the names of the tabs, which
stand in one line above the tables of a section. Prices are not read here.
"""

import re
from collections.abc import Iterator
from html import escape

from pipelines.sources.markdown_tables import plain_markdown

MARK = b"Markdown Content:"
UNKNOWN_TAB = "a tab that the reader does not name"
_SECTION = re.compile(r"^## ", re.MULTILINE)
_ID = re.compile(r"`([^`]+)`")
_TAB = re.compile(r"\[(\w+)\]\([^)]*#\w+\)")
_TABLE = re.compile(r"(?:^\|.*\|[ \t]*\n?)+", re.MULTILINE)
_NEXT_PRICE = re.compile(r"(?<!then)(?<!or)(?<!at)(?<!to)(?<!and)(?<!,) (?=\$)|,? (?=[Ee]quivalent to )")
_NOTE_THEN_PRICE = re.compile(r"_ (?=\$)")


def is_reader_page(body: bytes) -> bool:
    """Whether a body is a page that a reader service made Markdown of."""
    return body.lstrip().startswith(b"Title:") and MARK in body[:2000]


def as_html(body: bytes) -> bytes:
    """The sections of a reader page with their ids, tabs and tables; a table whose tab is not told says so."""
    _, _, text = body.decode("utf-8", errors="replace").partition(MARK.decode())
    sections = _SECTION.split(text)[1:]
    return "".join(part for section in sections for part in _section(section)).encode()


def _section(text: str) -> Iterator[str]:
    title, _, rest = text.partition("\n")
    title = plain_markdown(title).strip()
    yield f"<h2>{escape(title)}</h2>"
    lines = [line.strip() for line in rest.splitlines()]
    ids = next((_ID.findall(line) for line in lines if line.startswith("_`")), [])
    if ids:
        yield f"<em>{''.join(f'<code>{escape(each)}</code>' for each in ids)}</em>"
    tables = [found.group() for found in _TABLE.finditer(rest)]
    tabs = next((_TAB.findall(line) for line in lines if len(_TAB.findall(line)) > 1), [])
    names = tabs if len(tabs) == len(tables) else [UNKNOWN_TAB] * len(tables)
    for name, table in zip([title] if len(tables) == 1 else names, tables, strict=True):
        yield f"<h3>{escape(name)}</h3>" if name != title else ""
        yield _table(table)
    yield from (f"<p>{escape(plain_markdown(line))}</p>" for line in lines if line and not line.startswith("|"))


def _table(text: str) -> str:
    header, *rows = [line.strip().strip("|").split("|") for line in text.splitlines()]
    rows = rows[1:]  # without the rule below the header, which a page that is cut lacks
    head = "".join(f"<th>{escape(cell.strip())}</th>" for cell in header)
    body = "".join(f"<tr>{''.join(f'<td>{_cell(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(text: str) -> str:
    """One price a line, as the page has it."""
    lines = _NEXT_PRICE.sub("\n", _NOTE_THEN_PRICE.sub("\n", plain_markdown(text.strip()))).split("\n")
    return "<br>".join(escape(line.strip(" _").rstrip("*") if "$" not in line else line) for line in lines)
