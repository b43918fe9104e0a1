"""xAI's page on one retirement of models, in Markdown -> model lifecycles. The price page is not read here.

The page says that requests "will no longer work"; xAI's page of models says of the same models that "requests to
deprecated text model slugs will redirect to grok-4.3 and will be charged at the standard grok-4.3 pricing", which is
what happened. So the outcome is "reroute_rebill", but "fail" for image and video models (`grok-imagine-...`), which
that rule leaves out. No day of announcement is printed; every listed model is "deprecated": its date tells the rest.
"""

import re
from collections.abc import Iterator
from typing import Any

from pipelines.schema.lifecycles import LifecycleObservation
from pipelines.sources.lifecycle.statements import NO_ID
from pipelines.sources.markdown_tables import headed_lines, markdown_tables, plain_markdown
from pipelines.sources.page_tables import Table
from pipelines.sources.parsed import Parsed, ParseError, RowCollector
from pipelines.sources.printed_dates import MOMENT, read_moment

_ID = r"grok-[a-z0-9][a-z0-9.-]{0,80}"
_EFFECTIVE = re.compile(rf"\bEffective ({MOMENT}), the following models will be retired from the xAI API:")
_BULLET = re.compile(r"[*-] (.+)")
_HEADERS = ["model being retired", "recommended replacement"]
_REPLACEMENT = re.compile(rf"({_ID})(?: (with .{{1,200}}))?")


def parse(body: bytes) -> Parsed:
    """One row per listed model. Raises ParseError without the sentence that gives the moment, or without a list."""
    text = body.decode("utf-8", errors="replace")
    found = RowCollector(LifecycleObservation)
    lines = [plain_markdown(line) for _, line in headed_lines(text)]
    starts = [place for place, line in enumerate(lines) if _EFFECTIVE.search(line)]
    moment = _EFFECTIVE.search(lines[starts[0]]) if len(starts) == 1 else None
    if moment is None:
        raise ParseError(f"{len(starts)} sentences give the moment of a retirement, not one")
    try:
        retires_on, retires_at = read_moment(moment[1])
    except ValueError as error:
        raise ParseError(str(error)) from error
    replacements = _replacements(found, markdown_tables(text))
    dates = {"retires_on": retires_on, "retires_at": retires_at, "retires_printed": moment[1]}
    models = list(dict.fromkeys(_listed(found, lines[starts[0] + 1 :])))
    for model in models:
        ids, note = replacements.pop(model, (None, None))
        found.add(**_row(model), **dates, replacements=ids, replacement_note=note)
    for model in replacements:
        found.reject("Recommended Replacements", model, "replaced, but not listed as retired")
    return found.parsed()


def _listed(found: RowCollector, lines: list[str]) -> Iterator[str]:
    """The ids of the list that starts here; it ends at the first line that is neither blank nor a bullet."""
    for line in lines:
        bullet = _BULLET.fullmatch(line)
        if bullet is None and line:
            return
        if bullet and re.fullmatch(_ID, bullet[1]):
            yield bullet[1]
        elif bullet:
            found.reject("list of retired models", bullet[1], NO_ID)


def _replacements(found: RowCollector, tables: list[Table]) -> dict[str, tuple[str | None, str | None]]:
    """By retired model: the replacement's id, and what is said beside it (`with "none" reasoning effort`)."""
    replacements: dict[str, tuple[str | None, str | None]] = {}
    for table in tables:
        if [header.casefold() for header in table.headers] != _HEADERS:
            found.reject(table.heading, " | ".join(table.headers), "not a table of replacements")
            continue
        for error in table.errors:
            found.reject(table.heading, error, "unreadable part of a table")
        for model, cell in table.rows:
            said = _REPLACEMENT.fullmatch(cell)
            replacements[model] = (said[1], said[2]) if said else (None, cell[:300] or None)
    return replacements


def _row(model: str) -> dict[str, Any]:
    is_text_model = "imagine" not in model.split("-")
    return {
        "provider": "xai",
        "channel": "api",
        "model": model,
        "version": "",
        "scope": "all",
        "state": "deprecated",
        "retires_precision": "day",
        "outcome": "reroute_rebill" if is_text_model else "fail",
    }
