"""Groq's deprecation page in Markdown -> model lifecycles. Dates and ids are read in modules of their own.

One section per shutdown, the newest first, each with prose and a table. The day in the heading is that of the
shutdown; the day of the announcement stands in the prose, or nowhere. The page prints no state, so every listed model
is "deprecated", and its date tells when it is retired. "Beginning on that date, requests to these model IDs will
return errors": the outcome is "fail".
"""

import re
from collections.abc import Iterator
from datetime import date

from pipelines.schema.lifecycles import LifecycleObservation
from pipelines.sources.lifecycle.keyed_rows import Candidate, add_each_once
from pipelines.sources.lifecycle.statements import NO_ID, read_announcement, read_ids, read_replacements
from pipelines.sources.markdown_tables import markdown_tables
from pipelines.sources.page_tables import Table
from pipelines.sources.parsed import Parsed, RowCollector
from pipelines.sources.printed_dates import read_date

_HEADERS = ["deprecated model", "shutdown date", "recommended replacement model id"]
_SECTION = re.compile(r"(?m)^(?=#{2,3}\s)")
_US_DAY = re.compile(r"([0-9]{2})/([0-9]{2})/([0-9]{2})")
_ANNOUNCED = re.compile(r"\b[Oo]n ([A-Z][a-z]{2,8} [0-9]{1,2}, [0-9]{4}), we (?:announced|emailed users to announce)\b")
_TIERS = re.compile(r"This deprecation applies to ([^;.\n]{1,200})[;.]")
_ADJACENT_IDS = re.compile(r"(?P<ids>[a-z0-9][a-z0-9._:/-]*(?: [a-z0-9][a-z0-9._:/-]*)+)(?: (?P<note>\([^()]*\)))?")


def parse(body: bytes) -> Parsed:
    """One row per model and scope. Of two announcements the upper one holds. Raises ParseError without shutdowns."""
    found = RowCollector(LifecycleObservation)
    sections = enumerate(_SECTION.split(body.decode("utf-8", errors="replace")))
    add_each_once(
        found,
        [
            candidate
            for place, section in sections
            for table in markdown_tables(section)
            for candidate in _candidates(found, -place, section, table)
        ],
    )
    return found.parsed()


def _candidates(found: RowCollector, weight: int, section: str, table: Table) -> Iterator[Candidate]:
    for error in table.errors:
        found.reject(table.heading, error, "unreadable part of a table")
    if [header.casefold() for header in table.headers] != _HEADERS:
        found.reject(table.heading, " | ".join(table.headers), "not a table of model shutdowns")
        return
    announced_on, scope = _announcement(section), _scope(section)
    for cells in table.rows:
        raw_text = " | ".join(cells)
        try:
            retires_on = _shutdown(cells[1])
        except ValueError as error:
            found.reject(table.heading, raw_text, str(error))
            continue
        models, others = read_ids(_separated(cells[0]))
        for other in others or ([] if models else [raw_text]):
            found.reject(table.heading, other, NO_ID)
        ids = _separated(cells[2])
        for model in models:
            yield Candidate(
                weight,
                table.heading,
                raw_text,
                {
                    "provider": "groq",
                    "channel": "api",
                    "model": model,
                    "version": "",
                    "scope": scope,
                    "state": "deprecated",
                    "announced_on": announced_on,
                    "retires_on": retires_on,
                    "retires_precision": "day",
                    "retires_printed": cells[1],
                    "outcome": "fail",
                    "replacements": read_replacements(found, ids, f"{table.heading}: {model}"),
                    "replacement_note": None if ids == cells[2] else cells[2][:300],
                },
            )


def _announcement(section: str) -> date | None:
    """The day on which the prose says that users were told; None where it names no day."""
    said = _ANNOUNCED.search(section)
    return read_announcement(said[1]) if said else None


def _scope(section: str) -> str:
    """The tiers that the prose limits the shutdown to, in its words, else "all"."""
    said = _TIERS.search(section)
    return said[1] if said else "all"


def _shutdown(text: str) -> date:
    """The day of "09/21/26": the page writes month, day and year, as its headings prove. Raises ValueError."""
    parts = _US_DAY.fullmatch(text)
    printed = f"20{parts[3]}-{parts[1]}-{parts[2]}" if parts else text
    retires_on, precision = read_date(printed)
    if retires_on is None or precision != "day":
        raise ValueError(f"a shutdown without a day: {text[:80]!r}")
    return retires_on


def _separated(cell: str) -> str:
    """The cell with commas between ids that only a blank separates, and without the remark in parentheses after them.

    Each part must hold a digit, as words of prose do not.
    """
    adjacent = _ADJACENT_IDS.fullmatch(cell)
    parts = adjacent["ids"].split() if adjacent else []
    return ", ".join(parts) if parts and all(re.search("[0-9]", part) for part in parts) else cell
