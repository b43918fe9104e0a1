"""The Gemini API's deprecation page in Markdown -> model lifecycles. Vertex AI has dates and a page of its own.

Current pages say of their dates that they are "the earliest possible dates on which a model might be retired": such a
date is a floor, unless the prose names it as the day from which requests are answered by another model. On a page
without that remark a date means what it says. No day of announcement is printed, and a release date is none. The page
has no state either: a model with a date and a named replacement is "deprecated", every other one "active", as dates
alone are printed for current models too. A shut down model "is completely turned off" (outcome "fail"); where the
prose says that requests are routed to another model and billed at its rates, the outcome is "reroute_rebill".
"""

import re
from collections.abc import Iterator
from typing import Any

from pipelines.schema.lifecycles import LifecycleObservation
from pipelines.sources.lifecycle.keyed_rows import Candidate, add_each_once
from pipelines.sources.lifecycle.statements import NO_ID, read_ids, read_replacements
from pipelines.sources.markdown_tables import markdown_tables, plain_markdown
from pipelines.sources.page_tables import MAX_CELL_TEXT, Table
from pipelines.sources.parsed import Parsed, RowCollector
from pipelines.sources.printed_dates import read_date

PROVIDER = "google"

_HEADERS = (
    ["model", "release date", "shutdown date", "recommended replacement"],
    ["agent", "release date", "shutdown date", "recommended replacement"],
)
_SEPARATORS = {"preview models", "preview agents"}
_UNDATED = {"no shutdown date announced", "coming soon", ""}
_EARLIEST = re.compile(r"dates \*?listed\*? in the table indicate the earliest possible dates")
_ID = r"gemini-[a-z0-9][a-z0-9.-]*[a-z0-9]"
_ROUTE = re.compile(
    rf"\b(?:requests to )?({_ID}) (?:(?:are|is|will be) )?(?:automatically )?(?:re-?)?(?:routed )?to ({_ID})"
)
_ROUTING = re.compile(r"\b(?:re-?)?routed\b.*\b(?:billed|charged)\b", re.DOTALL)
_ROUTED_FROM = re.compile(r"\b(?:on|from|starting|after) ([A-Z][a-z]{2,8} [0-9]{1,2}, [0-9]{4})", re.IGNORECASE)


def parse(body: bytes) -> Parsed:
    """One row per model or agent. Raises ParseError when no table has the known headers and a readable row.

    A model that stands in two tables is one row; two different statements are both refused.
    """
    text = body.decode("utf-8", errors="replace")
    found = RowCollector(LifecycleObservation)
    paragraphs = [_plain(paragraph) for paragraph in re.split(r"\n\s*\n", text)]
    is_earliest = any(_EARLIEST.search(paragraph) for paragraph in paragraphs)
    routes = _routes(found, [paragraph for paragraph in paragraphs if "|" not in paragraph])
    tables = markdown_tables(text)
    candidates = [row for table in tables for row in _candidates(found, table, routes, is_earliest=is_earliest)]
    for model in routes.keys() - {candidate.row["model"] for candidate in candidates}:
        found.reject("prose", model, "routed to another model, but in no table")
    add_each_once(found, candidates)
    return found.parsed()


def _plain(paragraph: str) -> str:
    """A paragraph on one line, without marks of emphasis, quotation and code."""
    return " ".join(plain_markdown(paragraph[:MAX_CELL_TEXT].replace("\n>", " ").replace("*", "")).split())


def _routes(found: RowCollector, paragraphs: list[str]) -> dict[str, tuple[str, str]]:
    """By model: the day that the prose names (or "") and the paragraph that says that its requests are rebilled."""
    routes: dict[str, tuple[str, str]] = {}
    for paragraph in paragraphs:
        if not _ROUTING.search(paragraph):
            continue
        days = set(_ROUTED_FROM.findall(paragraph))
        day = days.pop() if len(days) == 1 else ""
        models = [model for model, _ in _ROUTE.findall(paragraph)]
        if not models:
            found.reject("prose", paragraph, "routing without model ids")
        routes.update(dict.fromkeys(models, (day, paragraph)))
    return routes


def _candidates(
    found: RowCollector, table: Table, routes: dict[str, tuple[str, str]], *, is_earliest: bool
) -> Iterator[Candidate]:
    for error in table.errors:
        found.reject(table.heading, error, "unreadable part of a table")
    if [header.casefold() for header in table.headers] not in _HEADERS:
        found.reject(table.heading, " | ".join(table.headers), "not a table of model shutdowns")
        return
    for cells in table.rows:
        raw_text = " | ".join(cells)
        if cells[0].casefold() in _SEPARATORS and not any(cells[1:]):
            continue
        models, others = read_ids(cells[0])
        if len(models) != 1 or others:
            found.reject(table.heading, raw_text, NO_ID)
            continue
        try:
            row = _row(found, table.heading, models[0], cells, routes.get(models[0]), is_earliest=is_earliest)
        except ValueError as error:
            found.reject(table.heading, raw_text, str(error))
            continue
        yield Candidate(0, table.heading, raw_text, row)


def _row(
    found: RowCollector, place: str, model: str, cells: list[str], route: tuple[str, str] | None, *, is_earliest: bool
) -> dict[str, Any]:
    """The row of one model. Raises ValueError for a date that cannot be read."""
    printed = cells[2]
    retires_on, precision = read_date("" if printed.casefold() in _UNDATED else printed)
    is_named = route is not None and route[0] != "" and read_date(route[0])[0] == retires_on
    if retires_on and is_earliest and not is_named:
        precision = "floor"
    replacements = read_replacements(found, cells[3], f"{place}: {model}")
    return {
        "provider": PROVIDER,
        "channel": "api",
        "model": model,
        "version": "",
        "scope": "all",
        "state": "deprecated" if retires_on and replacements else "active",
        "retires_on": retires_on,
        "retires_precision": precision,
        "retires_printed": printed[:300] or None,
        "outcome": "reroute_rebill" if route else "fail",
        "replacements": replacements,
        "replacement_note": route[1][:300] if route else None,
    }
