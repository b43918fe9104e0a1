r"""What the pages of model hosts share: Markdown or HTML of one page -> tables and text, links kept where asked.

Markdown of documentation sites escapes signs ("\$0.15", "\-"), which is undone here. What a table means belongs to
the parser of the page.
"""

import re
from dataclasses import dataclass

from bs4 import BeautifulSoup

from pipelines.sources.markdown_tables import markdown_tables, plain_markdown
from pipelines.sources.page_tables import Table, html_tables
from pipelines.sources.parsed import RowCollector
from pipelines.sources.shown_text import seen_strings

UNKNOWN_TABLE = "a price table of no known kind"
MAX_LINK = 200

_HTML_START = re.compile(rb"<!doctype html|<html[\s>]", re.IGNORECASE)
_HTML_START_WITHIN = 1_000
_IMAGE = re.compile(r"!\[[^\[\]]*\]\([^()]*\)")
_LINK = re.compile(r"\[([^\[\]]*)\]\(([^()\s]*)\)")
_LINK_MARK = re.compile(r" ?<[^<>]*>")
_ESCAPED = re.compile(r"\\([$~_*\[\]-])")
_USD = re.compile(r"\$\s?\d", re.ASCII)


@dataclass(frozen=True)
class HostPage:
    """The tables of a page and its whole text on one line, without marks."""

    tables: list[Table]
    text: str


def read_page(body: bytes, *, with_links: bool = False) -> HostPage:
    """Either form of a page; with links, a cell's link reads "Kimi K3 <https://example.org/kimi-k3>".

    Raises ParseError when the page holds more tables than `tables` allows.
    """
    is_html = _HTML_START.search(body, 0, _HTML_START_WITHIN) is not None
    page = _html_page(body, with_links) if is_html else _markdown_page(body, with_links)
    for table in page.tables if with_links else []:
        table.heading = _LINK_MARK.sub("", table.heading)
    return page


def _html_page(body: bytes, with_links: bool) -> HostPage:
    soup = BeautifulSoup(body, "lxml")
    text = " ".join(" ".join(seen_strings(soup)).split())
    for link in soup.find_all("a", href=True) if with_links else []:
        link.append(f" <{str(link['href'])[:MAX_LINK]}>")
    return HostPage(html_tables(soup), text)


def _markdown_page(body: bytes, with_links: bool) -> HostPage:
    markdown = _IMAGE.sub("", body.decode("utf-8", errors="replace"))
    text = " ".join(" ".join(plain_markdown(line) for line in markdown.splitlines()).split())
    if with_links:
        markdown = _LINK.sub(lambda link: f"{link.group(1)} <{link.group(2)[:MAX_LINK]}>", markdown)
    return HostPage(markdown_tables(_ESCAPED.sub(r"\1", markdown)), _ESCAPED.sub(r"\1", text))


def refuse_errors(table: Table, collector: RowCollector) -> None:
    """Rows of a known table that do not fit its headers become rejects."""
    for error in table.errors:
        collector.reject(table.heading, error, "the row does not fit the headers")


def refuse_if_priced(table: Table, collector: RowCollector) -> None:
    """A table of no known kind is one reject if it holds an amount in USD; other tables are none of our business."""
    if any(_USD.search(cell) for row in [table.headers, table.errors, *table.rows] for cell in row):
        rows = "; ".join(" | ".join(row) for row in table.rows[:3])
        collector.reject(table.heading, f"{' | '.join(table.headers)}; {rows}", UNKNOWN_TABLE)
