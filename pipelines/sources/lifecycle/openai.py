"""OpenAI's deprecation page, HTML or Markdown -> model lifecycles. Dates and ids are read in modules of their own.

Until autumn 2026 the page had one section per announcement ("2025-04-28: text-moderation") with one or more tables;
since then it has one table with a status and a notice date per row. The day of the announcement is the notice date
or the day in the section's heading (never a day in the prose below it, which may differ). Only the new layout prints
a state; in the old one every listed model is "deprecated", and its date tells when it is retired: no clock here.
"""

import re
from collections.abc import Iterator
from datetime import date

from bs4 import BeautifulSoup

from pipelines.schema.lifecycles import LifecycleObservation
from pipelines.sources.lifecycle.statements import (
    NO_ID,
    Statement,
    add_statement,
    latest_statements,
    read_announcement,
    read_ids,
    read_replacements,
)
from pipelines.sources.markdown_tables import markdown_tables
from pipelines.sources.page_tables import Table, cell_text, clean_text, html_tables
from pipelines.sources.parsed import Parsed, RowCollector
from pipelines.sources.printed_dates import read_date

_COLUMNS = {
    "retires": {"shutdown date"},
    "model": {"model / system", "model snapshot", "affected model", "deprecated model", "legacy model", "system"},
    "replacement": {"recommended replacement", "substitute model", "recommended replacement base model"},
    "status": {"status"},
    "notice": {"notice date"},
}
_NEEDED = ("retires", "model", "replacement")
_STATES = {"active": "active", "deprecated": "deprecated", "shutdown": "retired"}
_DATED_HEADING = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}):.*", re.DOTALL)
_SECTION = re.compile(r"(?m)^(?=#{2,3}\s)")


def parse(body: bytes) -> Parsed:
    """One row per model: the statement of its most recent announcement. Older ones and other things are rejects.

    Raises ParseError when the page has no table of shutdowns.
    """
    found = RowCollector(LifecycleObservation)
    statements = [said for section, table in _tables(body) for said in _statements(found, section, table)]
    for said in latest_statements(found, statements):
        add_statement(found, "openai", said)
    return found.parsed()


def _tables(body: bytes) -> Iterator[tuple[str, Table]]:
    """Tables with the heading of their section. A table's own nearest heading may be an h4 without the date."""
    if b"<table" in body or b"<html" in body.lower():
        for table in html_tables(BeautifulSoup(body, "lxml")):
            heading = table.node.find_previous(["h2", "h3"]) if table.node else None
            yield (cell_text(heading) if heading else ""), table
        return
    for section in _SECTION.split(body.decode("utf-8", errors="replace")):
        title = clean_text(section.partition("\n")[0].lstrip("#")) if section.startswith("##") else ""
        for table in markdown_tables(section):
            yield title, table


def _statements(found: RowCollector, section: str, table: Table) -> Iterator[Statement]:
    for error in table.errors:
        found.reject(section, error, "unreadable part of a table")
    headers = [header.casefold() for header in table.headers]
    place_of = {
        column: places[0]
        for column, names in _COLUMNS.items()
        if len(places := [place for place, header in enumerate(headers) if header in names]) == 1
    }
    if any(column not in place_of for column in _NEEDED):
        found.reject(section, " | ".join(table.headers), "not a table of model shutdowns")
        return
    for cells in table.rows:
        row = {column: cells[place] for column, place in place_of.items()}
        try:
            yield from _row_statements(found, section, row, " | ".join(cells))
        except ValueError as error:
            found.reject(section, " | ".join(cells), str(error))


def _row_statements(found: RowCollector, section: str, row: dict[str, str], raw_text: str) -> Iterator[Statement]:
    """One statement per model id of the row."""
    models, others = read_ids(row["model"])
    for other in others or ([] if models else [""]):
        found.reject(section, other or raw_text, NO_ID)
    if not models:
        return
    retires_on, precision = read_date(row["retires"])
    announced_on = read_announcement(row["notice"]) if "notice" in row else _heading_day(section)
    state = _STATES.get(row.get("status", "deprecated").casefold())
    if state is None:
        raise ValueError("unknown status")
    replacements = read_replacements(found, row["replacement"], f"{section}: {models[0]}")
    for model in models:
        yield Statement(
            model, state, announced_on, retires_on, precision, row["retires"], replacements, section, raw_text
        )


def _heading_day(section: str) -> date | None:
    dated = _DATED_HEADING.fullmatch(section)
    return read_announcement(dated[1]) if dated else None
