"""Cohere's deprecation page in Markdown -> model lifecycles. Dates and ids are read in modules of their own.

One section per announcement, the newest first: a table of shutdowns, or prose with a list. The day in a section's
heading is that of the announcement or that of the effect, so it is not read. A list that is "retired" from a day has
that end; one that is "deprecated" from a day is closed to new customers then (the page's own terms) and has no end
yet. The page prints no state, so each listed model is "deprecated". "Requests to shutdown models and endpoints will
fail": the outcome is "fail". Replacements in prose are for groups of models, so they are notes, not ids per model.
"""

import re
from collections.abc import Iterator
from typing import Any

from pipelines.schema.lifecycles import LifecycleObservation
from pipelines.sources.lifecycle.keyed_rows import Candidate, add_each_once
from pipelines.sources.lifecycle.statements import NO_ID, read_announcement, read_ids, read_replacements
from pipelines.sources.markdown_tables import headed_lines, markdown_tables, plain_markdown
from pipelines.sources.page_tables import Table
from pipelines.sources.parsed import Parsed, RowCollector
from pipelines.sources.printed_dates import read_date

_HEADERS = ["shutdown date", "deprecated model", "deprecated model price", "recommended replacement"]
_DATED_HEADING = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}: .*")
_DAY = r"(?P<day>[A-Z][a-z]{2,8} [0-9]{1,2}(?:st|nd|rd|th)?, [0-9]{4})"
_ID = r"[a-z0-9][a-z0-9._-]{0,199}"
_ANNOUNCED = re.compile(rf"\bOn {_DAY}, we announced\b")
_RETIRED_LIST = re.compile(rf"Effective {_DAY}, the following models will be retired:")
_ROLL_OUT = re.compile(rf"Effective {_DAY}, the following dep[a-z]{{5,20}} will roll out\.")
_DEPRECATED_LIST = "Deprecated Models:"
_ITEM = re.compile(rf"(?P<model>{_ID})(?: \(and the alias (?P<alias>{_ID})\)| \(Refer to [^()]*\))?\.?")
_FINE_TUNED = re.compile(
    rf"Models fine-tuned with (?P<model>[A-Za-z0-9][A-Za-z0-9-]{{0,199}}) will continue to be supported until {_DAY}\. "
    r"After this date, all requests to these models will return an error\."
)
_ENDED_IN_PROSE = re.compile(r"\b(?:is|are) being retired\b")
_REPLACED = re.compile(r"\b(?:We encourage you to migrate to|we recommend you use)\b")
_COMMON = {"provider": "cohere", "channel": "api", "version": "", "state": "deprecated", "outcome": "fail"}


def parse(body: bytes) -> Parsed:
    """One row per model and scope; of two announcements the upper one holds. Raises ParseError without models."""
    text = body.decode("utf-8", errors="replace")
    found = RowCollector(LifecycleObservation)
    sections: dict[str, list[str]] = {}
    for heading, line in headed_lines(text):
        if _DATED_HEADING.fullmatch(heading):
            sections.setdefault(heading, []).append(line)
    tables = markdown_tables(text)
    candidates: list[Candidate] = []
    for place, (heading, section) in enumerate(sections.items()):
        own = [table for table in tables if table.heading == heading]
        read = [
            *(row for table in own for row in _table_rows(found, table, "\n".join(section))),
            *_prose_rows(found, heading, section),
        ]
        if not read:
            found.reject(heading, "\n".join(section[1:]), "no models that can be read")
        candidates.extend(Candidate(-place, heading, raw_text, _COMMON | row) for raw_text, row in read)
    for table in tables:
        if table.heading not in sections:
            found.reject(table.heading, " | ".join(table.headers), "a table outside of the announcements")
    add_each_once(found, candidates)
    return found.parsed()


def _table_rows(found: RowCollector, table: Table, prose: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for error in table.errors:
        found.reject(table.heading, error, "unreadable part of a table")
    if [header.casefold() for header in table.headers] != _HEADERS:
        found.reject(table.heading, " | ".join(table.headers), "not a table of model shutdowns")
        return
    announced = _ANNOUNCED.search(prose)
    for cells in table.rows:
        raw_text = " | ".join(cells)
        models, others = read_ids(cells[1])
        try:
            if others or not models:
                raise ValueError(NO_ID)
            row = {
                "scope": "all",
                "announced_on": read_announcement(announced["day"]) if announced else None,
                **_end(cells[0]),
                "replacements": read_replacements(found, cells[3], f"{table.heading}: {models[0]}"),
            }
        except ValueError as error:
            found.reject(table.heading, raw_text, str(error))
            continue
        for model in models:
            yield raw_text, {"model": model} | row


def _prose_rows(found: RowCollector, heading: str, section: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Models of the section's lists; what its other lists name (features, endpoints) are rejects."""
    prose = " ".join(section)
    blocks = list(_blocks(section))
    note = " ".join(_replacement_note(blocks))[:300] or None
    for intro, items in blocks:
        try:
            dates = _list_dates(intro, prose)
        except ValueError as error:
            found.reject(heading, intro, str(error))
            continue
        if _ENDED_IN_PROSE.search(intro):
            found.reject(heading, intro, "an end that no list of models tells")
        for item in items:
            named = _ITEM.fullmatch(item)
            if dates is None and not _REPLACED.search(intro):
                found.reject(heading, item, "not in a list of models")
            elif dates is not None and named is None:
                found.reject(heading, item, NO_ID)
            elif dates is not None and named is not None:
                for model in filter(None, (named["model"], named["alias"])):
                    yield f"{intro} {item}", {"model": model, "scope": "all", "replacement_note": note} | dates
    for said in _FINE_TUNED.finditer(prose):
        yield said[0], {"model": said["model"].lower(), "scope": "fine-tuned"} | _end(said["day"])


def _blocks(section: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Each paragraph with the list below it, as plain text; nested items stand in one row with their parents."""
    intro, items = "", list[str]()
    for line in section:
        is_item = line.startswith(("- ", "* "))
        if is_item:
            items.append(plain_markdown(line[2:]))
        elif line:
            yield intro, items
            intro, items = plain_markdown(line), []
    yield intro, items


def _list_dates(intro: str, prose: str) -> dict[str, Any] | None:
    """What holds for each model of the list below `intro`; None where that is no list of ending models."""
    if retired := _RETIRED_LIST.fullmatch(intro):
        return _end(retired["day"])
    rolled_out = _ROLL_OUT.search(prose)
    if intro == _DEPRECATED_LIST and rolled_out:
        legacy_on = read_announcement(rolled_out["day"])
        return {"legacy_on": legacy_on, "retires_on": None, "retires_precision": "none"}
    return None


def _replacement_note(blocks: list[tuple[str, list[str]]]) -> Iterator[str]:
    """What the section recommends: the list below the sentence that does, or the sentence itself."""
    for intro, items in blocks:
        if _REPLACED.search(intro):
            yield " ".join(items) or intro


def _end(printed: str) -> dict[str, Any]:
    retires_on, precision = read_date(printed)
    return {"retires_on": retires_on, "retires_precision": precision, "retires_printed": printed[:300] or None}
