"""Vertex AI's deprecation pages -> model lifecycles, HTML or Markdown. The Gemini API's own page is not read here.

The page of managed open models names ids; it says that notice is given on the deprecation date, so that day is the
announcement, and that requests to a retired id fail. The older page names families in prose ("PaLM, Codey, and select
embeddings models"): which ids are meant is not printed, so such rows are rejects.
"""

from collections.abc import Iterator
from typing import Any

from pipelines.schema.lifecycles import LifecycleObservation
from pipelines.sources.lifecycle.keyed_rows import Candidate, add_each_once
from pipelines.sources.lifecycle.statements import NO_ID, read_announcement, read_ids
from pipelines.sources.markdown_tables import markdown_tables
from pipelines.sources.page_tables import Table, html_tables
from pipelines.sources.parsed import Parsed, RowCollector
from pipelines.sources.printed_dates import read_date

_FEATURES = ["feature", "deprecated date", "shutdown date", "details"]
_OPEN_MODELS = ["model id", "deprecation date", "retirement date", "self-deploy alternative"]


def parse(body: bytes) -> Parsed:
    """One row per model id. Raises ParseError where the page names families only."""
    found = RowCollector(LifecycleObservation)
    is_html = b"<table" in body or b"<html" in body.lower()
    tables = html_tables(body) if is_html else markdown_tables(body.decode("utf-8", errors="replace"))
    add_each_once(found, [candidate for table in tables for candidate in _candidates(found, table)])
    return found.parsed()


def _candidates(found: RowCollector, table: Table) -> Iterator[Candidate]:
    for error in table.errors:
        found.reject(table.heading, error, "unreadable part of a table")
    if [header.casefold() for header in table.headers] not in (_FEATURES, _OPEN_MODELS):
        found.reject(table.heading, " | ".join(table.headers), "not a table of model retirements")
        return
    for cells in table.rows:
        raw_text = " | ".join(cells)
        models, others = read_ids(cells[0])
        if len(models) != 1 or others:
            found.reject(table.heading, raw_text, NO_ID)
            continue
        try:
            yield Candidate(0, table.heading, raw_text, _row(models[0], cells))
        except ValueError as error:
            found.reject(table.heading, raw_text, str(error))


def _row(model: str, cells: list[str]) -> dict[str, Any]:
    """The row of one model. The alternative is a way of hosting the same model, so it is a note and no replacement."""
    retires_on, precision = read_date(cells[2])
    return {
        "provider": "google",
        "channel": "vertex",
        "model": model,
        "version": "",
        "scope": "all",
        "state": "deprecated",
        "announced_on": read_announcement(cells[1]),
        "retires_on": retires_on,
        "retires_precision": precision,
        "retires_printed": cells[2][:300] or None,
        "outcome": "fail",
        "replacement_note": cells[3][:300] or None,
    }
