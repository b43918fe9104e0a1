"""Google's page of its own models on Vertex AI -> model lifecycles, HTML or Markdown. Models of others: vertex.py.

One table per kind of model: id, release date, retirement date, replacement. "July 21, 2027 or later" is a floor; the
page promises that no date moves to an earlier one. Retirement dates come with a model's release, so a date alone is no
deprecation: a model with a day and a named replacement is "deprecated", in a section of retired models "retired", every
other one "active". No day of announcement is printed, and a release date is none. A retired id gives a 404: "fail".
"""

import re
from collections.abc import Iterator
from typing import Any

from pipelines.schema.lifecycles import LifecycleObservation
from pipelines.sources.lifecycle.keyed_rows import Candidate, add_each_once
from pipelines.sources.lifecycle.statements import NO_ID, read_ids, read_replacements
from pipelines.sources.markdown_tables import markdown_tables
from pipelines.sources.page_tables import Table, html_tables
from pipelines.sources.parsed import Parsed, RowCollector
from pipelines.sources.printed_dates import read_date

_HEADERS = ["model id", "release date", "retirement date"]
_REPLACEMENTS = ("replacement model id", "replacement model", "recommended upgrade")
_OR_LATER = re.compile(r"(.{1,40}) or later")
_UNDATED = {"no retirement date announced", "to be announced"}


def parse(body: bytes) -> Parsed:
    """One row per model id. Raises ParseError when no table has the known headers and a readable row."""
    found = RowCollector(LifecycleObservation)
    is_html = b"<table" in body or b"<html" in body.lower()
    tables = html_tables(body) if is_html else markdown_tables(body.decode("utf-8", errors="replace"))
    add_each_once(found, [candidate for table in tables for candidate in _candidates(found, table)])
    return found.parsed()


def _candidates(found: RowCollector, table: Table) -> Iterator[Candidate]:
    for error in table.errors:
        found.reject(table.heading, error, "unreadable part of a table")
    headers = [header.casefold() for header in table.headers]
    if headers[:-1] != _HEADERS or headers[-1] not in _REPLACEMENTS:
        found.reject(table.heading, " | ".join(table.headers), "not a table of model retirements")
        return
    for cells in table.rows:
        raw_text = " | ".join(cells)
        models, others = read_ids(cells[0])
        if len(models) != 1 or others:
            found.reject(table.heading, raw_text, NO_ID)
            continue
        try:
            row = _row(found, table.heading, models[0], cells)
        except ValueError as error:
            found.reject(table.heading, raw_text, str(error))
            continue
        yield Candidate(0, table.heading, raw_text, row)


def _row(found: RowCollector, heading: str, model: str, cells: list[str]) -> dict[str, Any]:
    printed = cells[2]
    later = _OR_LATER.fullmatch(printed)
    is_undated = printed.casefold() in _UNDATED
    retires_on, precision = read_date("" if is_undated else f"no earlier than {later[1]}" if later else printed)
    is_ending = precision == "day" and bool(cells[3].strip())
    return {
        "provider": "google",
        "channel": "vertex",
        "model": model,
        "version": "",
        "scope": "all",
        "state": "retired" if "retired" in heading.casefold() else "deprecated" if is_ending else "active",
        "retires_on": retires_on,
        "retires_precision": precision,
        "retires_printed": printed[:300] or None,
        "outcome": "fail",
        "replacements": read_replacements(found, cells[3], f"{heading}: {model}"),
        "replacement_note": cells[3][:300] or None,
    }
