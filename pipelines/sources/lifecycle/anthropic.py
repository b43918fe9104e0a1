"""Anthropic's deprecation page in Markdown -> model lifecycles. Dates and ids are read in modules of their own.

One table tells the state of current and recently retired models, further tables the history of announcements. State
and dates come from the status table; the recommended replacement stands in the history only. A model that the
history alone still names has left the status table, so it is "retired" - unless a row of the status table is
unreadable, which might be that model's row. The end of a model of limited availability has been told in prose alone.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from pipelines.schema.lifecycles import STATES, LifecycleObservation
from pipelines.sources.lifecycle.statements import (
    NO_ID,
    Statement,
    add_statement,
    latest_statements,
    read_announcement,
    read_ids,
    read_replacements,
)
from pipelines.sources.markdown_tables import headed_lines, markdown_tables, plain_markdown
from pipelines.sources.page_tables import Table
from pipelines.sources.parsed import Parsed, ParseError, RowCollector
from pipelines.sources.printed_dates import read_date

_STATUS = ["api model name", "current state", "deprecated", "tentative retirement date"]
_HISTORY = ["retirement date", "deprecated model", "recommended replacement"]
_IN_PROSE = re.compile(
    r"\((?P<model>claude-[a-z0-9][a-z0-9-]{0,80})\) (?P<tense>will be|is being|was|has been) retired (?:on )?"
    r"(?P<day>[A-Z][a-z]{2,8} \d{1,2}, \d{4})\.(?: To migrate to [^().]{0,80}(?:\d\.\d)?[^().]{0,20}"
    r"\((?P<next>claude-[a-z0-9][a-z0-9-]{0,80})\))?",
    re.ASCII,
)
_PROSE_END = re.compile(r"\bclaude-[a-z0-9-]+\b.{0,40}\bretired\b", re.ASCII | re.IGNORECASE)
_DATED_HEADING = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}):.*", re.DOTALL)


def parse(body: bytes) -> Parsed:
    """One row per model of the status table or the history.

    Raises ParseError when either kind of table is missing or empty: without the status table every model would look
    retired, and without the history every replacement would look withdrawn.
    """
    found = RowCollector(LifecycleObservation)
    status: list[Statement] = []
    history: list[Statement] = []
    named: set[str] = set()
    text = body.decode("utf-8", errors="replace")
    for table in markdown_tables(text):
        headers = [header.casefold() for header in table.headers]
        if headers == _STATUS:
            status.extend(_status_statements(found, table))
            named.update([cells[0] for cells in table.rows], table.errors)
        elif headers == _HISTORY:
            history.extend(_history_statements(found, table))
        else:
            found.reject(table.heading, " | ".join(table.headers), "not a table of model lifecycles")
    if not status or not history:
        raise ParseError("the page has no readable status table or no readable history")
    current = {said.model: said for said in latest_statements(found, status)}
    past = {said.model: said for said in latest_statements(found, history)}
    for said in _merged(found, current, past, is_complete=set(current) == named):
        add_statement(found, "anthropic", said)
    for said in latest_statements(found, _prose_statements(found, text)):
        if said.model in current or said.model in past:
            found.reject(said.place, said.raw_text, f"{said.model}: a table tells its end too")
        else:
            add_statement(found, "anthropic", said)
    return found.parsed()


def _prose_statements(found: RowCollector, text: str) -> Iterator[Statement]:
    """Ends told by a sentence, "X (claude-x) will be retired on July 21, 2026."; others of the kind are refused."""
    for heading, line in headed_lines(text):
        if line.startswith("|"):
            continue
        plain = plain_markdown(line)
        said = _IN_PROSE.search(plain)
        if said is None:
            if _PROSE_END.search(plain):
                found.reject(heading, plain, "the end of a model in a sentence of no known form")
            continue
        state = "retired" if said["tense"] in {"was", "has been"} else "deprecated"
        retires_on, precision = read_date(said["day"])
        yield Statement(said["model"], state, None, retires_on, precision, said["day"], said["next"], heading, plain)


def _status_statements(found: RowCollector, table: Table) -> Iterator[Statement]:
    for model, cells in _model_rows(found, table, column=0):
        state = cells[1].casefold()
        try:
            if state not in STATES:
                raise ValueError("unknown state")
            retires_on, precision = read_date(cells[3])
            announced_on = read_announcement(cells[2])
        except ValueError as error:
            found.reject(table.heading, " | ".join(cells), str(error))
            continue
        yield Statement(
            model, state, announced_on, retires_on, precision, cells[3], None, table.heading, " | ".join(cells)
        )


def _history_statements(found: RowCollector, table: Table) -> Iterator[Statement]:
    """Announcements; the day is that of the heading, "2026-06-05: Claude Opus 4.1 model"."""
    for model, cells in _model_rows(found, table, column=1):
        raw_text = " | ".join(cells)
        try:
            dated = _DATED_HEADING.fullmatch(table.heading)
            if dated is None:
                raise ValueError("an announcement without a day in its heading")
            announced_on = read_announcement(dated[1])
            retires_on, precision = read_date(cells[0])
        except ValueError as error:
            found.reject(table.heading, raw_text, str(error))
            continue
        replacements = read_replacements(found, cells[2], f"{table.heading}: {model}")
        yield Statement(
            model, "retired", announced_on, retires_on, precision, cells[0], replacements, table.heading, raw_text
        )


def _model_rows(found: RowCollector, table: Table, column: int) -> Iterator[tuple[str, list[str]]]:
    """The rows with one model id each in `column`; whatever else stands there is a reject."""
    for error in table.errors:
        found.reject(table.heading, error, "unreadable part of a table")
    for cells in table.rows:
        models, others = read_ids(cells[column])
        if len(models) == 1 and not others:
            yield models[0], cells
        else:
            found.reject(table.heading, " | ".join(cells), NO_ID)


def _merged(
    found: RowCollector, current: dict[str, Statement], past: dict[str, Statement], *, is_complete: bool
) -> Iterator[Statement]:
    """Status rows with the replacement of their announcement, then the models that only the history names."""
    for model, said in current.items():
        announced = past.get(model)
        if announced is None:
            yield said
            continue
        if (announced.announced_on, announced.retires_on) != (said.announced_on, said.retires_on):
            found.reject(announced.place, announced.raw_text, f"{model}: dates differ from the status table's")
        yield replace(said, replacements=announced.replacements)
    for model, announced in past.items():
        if model not in current and is_complete:
            yield announced
        elif model not in current:
            found.reject(announced.place, announced.raw_text, f"{model}: perhaps in an unreadable row of the status")
