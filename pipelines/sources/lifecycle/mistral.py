"""Mistral's model cards and the Legacy table of its model overview -> model lifecycles. Prices are not read here.

Both print a deprecation date and a retirement date, the table also a legacy date. The first of them that is printed is
the day from which new use is discouraged (`legacy_on`); no day of announcement is printed. Numbers with slashes are
month/day/year or year/month/day: the pages print 11/30/2025 and 2024/11/30. Mistral states no redirect for retired ids,
so the outcome is "fail".
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from pipelines.schema.lifecycles import STATES, LifecycleObservation
from pipelines.sources.lifecycle.keyed_rows import Candidate, add_each_once
from pipelines.sources.lifecycle.statements import NO_ID, read_ids
from pipelines.sources.markdown_tables import markdown_tables, plain_markdown
from pipelines.sources.page_tables import Table, clean_text, html_tables
from pipelines.sources.parsed import Parsed, RowCollector
from pipelines.sources.printed_dates import read_date

_COLUMNS = {
    "api names": ("api endpoints", "api names"),
    "legacy date": ("legacy date",),
    "deprecation date": ("deprecation on date", "deprecation date"),
    "retirement date": ("retirement date",),
    "replacement": ("alternative model", "alternative", "replacement"),
}
_FIELD = re.compile(r"(?m)^[-*] ([A-Z][A-Za-z ]{2,30}): (.{1,500})$")
_CARD = {"API names", "Status", "Retirement date"}
_MONTH_FIRST = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
_YEAR_FIRST = re.compile(r"([0-9]{4})/([0-9]{2})/([0-9]{2})")


def parse(body: bytes) -> Parsed:
    """One row per API name of a card or of the Legacy table. Raises ParseError where neither has a readable row."""
    found = RowCollector(LifecycleObservation)
    text = body.decode("utf-8", errors="replace")
    fields = {name: plain_markdown(value) for name, value in _FIELD.findall(text)}
    if fields.keys() >= _CARD:
        card = {name.casefold(): value for name, value in fields.items()}
        add_each_once(found, _candidates(found, "card", card))
        return found.parsed()
    is_html = b"<table" in body or b"<html" in body.lower()
    tables = html_tables(body) if is_html else markdown_tables(text)
    rows = [(table.heading, row) for table in tables for row in _table_rows(found, table)]
    add_each_once(found, [said for heading, row in rows for said in _candidates(found, heading, row)])
    return found.parsed()


def _table_rows(found: RowCollector, table: Table) -> Iterator[dict[str, str]]:
    """Rows of a table with API names and retirement dates, by column; other tables list current models."""
    headers = [header.casefold() for header in table.headers]
    places = {
        column: [place for place, header in enumerate(headers) if header in names] for column, names in _COLUMNS.items()
    }
    if any(len(places[column]) != 1 for column in ("api names", "retirement date")):
        found.reject(table.heading, " | ".join(table.headers), "not a table of model retirements")
        return
    for error in table.errors:
        found.reject(table.heading, error, "unreadable part of a table")
    for cells in table.rows:
        yield {column: cells[place[0]] for column, place in places.items() if len(place) == 1}


def _candidates(found: RowCollector, place: str, fields: dict[str, str]) -> Iterator[Candidate]:
    raw_text = " | ".join(fields.values())
    models, others = read_ids(fields["api names"])
    for other in others or ([] if models else [raw_text]):
        found.reject(place, other, NO_ID)
    try:
        state = fields.get("status", "deprecated").casefold()
        if state not in STATES:
            raise ValueError("unknown status")
        said = _dates(fields) | _replacement(fields.get("replacement", ""))
    except ValueError as error:
        found.reject(place, raw_text, str(error))
        return
    for model in models:
        row = {"provider": "mistral", "channel": "api", "model": model, "version": "", "scope": "all", "state": state}
        yield Candidate(0, place, raw_text, row | said | {"outcome": "fail"})


def _dates(fields: dict[str, str]) -> dict[str, Any]:
    printed = fields["retirement date"]
    retires_on, precision = _read_date(printed)
    legacy_on, _ = _read_date(fields.get("legacy date") or fields.get("deprecation date", ""))
    return {
        "legacy_on": legacy_on,
        "retires_on": retires_on,
        "retires_precision": precision,
        "retires_printed": printed[:300] or None,
    }


def _read_date(text: str) -> tuple[date | None, str]:
    printed = clean_text(text)
    if numbers := _MONTH_FIRST.fullmatch(printed):
        printed = f"{numbers[3]}-{int(numbers[1]):02}-{int(numbers[2]):02}"
    elif numbers := _YEAR_FIRST.fullmatch(printed):
        printed = "-".join(numbers.groups())
    return read_date(printed)


def _replacement(cell: str) -> dict[str, str | None]:
    """Ids where the whole cell is ids; a name ("Mistral Medium 3.5") is kept as a note and not turned into an id."""
    ids, others = read_ids(cell)
    if others:
        return {"replacements": None, "replacement_note": cell[:300]}
    return {"replacements": ",".join(ids) or None, "replacement_note": None}
