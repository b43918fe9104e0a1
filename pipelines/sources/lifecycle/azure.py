"""Microsoft's retirement schedule of Foundry Models, HTML or Markdown -> model lifecycles.

Since 2026 a table per maker has version, stage and one date per row, and a date does not mean that a model is
deprecated: generally available ones carry it from their launch. Until 2025 it had three dates and no stage; like every
table without stages (that of fine-tuned models too) it lists ends, so its models are "deprecated". Its "Deprecation
date" (no new deployments) has no column of its own and counts only where no legacy date is printed. "Attempts to use
existing deployments return errors": the outcome is "fail". Dates are UTC days, so there is no hour.
"""

import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from bs4 import BeautifulSoup

from pipelines.schema.lifecycles import LifecycleObservation
from pipelines.sources.lifecycle.keyed_rows import Candidate, add_each_once
from pipelines.sources.lifecycle.statements import NO_ID
from pipelines.sources.markdown_tables import markdown_tables, plain_markdown
from pipelines.sources.page_tables import Table, cell_text, html_tables
from pipelines.sources.parsed import Parsed, RowCollector
from pipelines.sources.printed_dates import read_date

MAKERS = {
    "AI21 Labs": "ai21",
    "Anthropic": "anthropic",
    "Azure OpenAI": "openai",
    "Black Forest Labs": "black-forest-labs",
    "Bria": "bria",
    "Cohere": "cohere",
    "Core42": "core42",
    "DeepSeek": "deepseek",
    "Fireworks": "fireworks",
    "Gretel": "gretel",
    "Meta": "meta",
    "Microsoft": "microsoft",
    "Mistral AI": "mistral",
    "Moonshot AI": "moonshot",
    "MoonshotAI": "moonshot",
    "Nixtla": "nixtla",
    "NTT Data": "ntt-data",
    "NVIDIA": "nvidia",
    "OpenAI-OSS": "openai",
    "Stability AI": "stability",
    "StabilityAI": "stability",
    "xAI": "xai",
}
"""Headings of the page -> who made the models below. A heading beyond these is refused with its rows."""
NAMES = {
    "Jamba Instruct": "AI21-Jamba-Instruct",
    "Command R": "Cohere-command-r",
    "Command R+": "Cohere-command-r-plus",
    "Cohere Command R 08-2024": "Cohere-command-r-08-2024",
    "Cohere Command R+ 08-2024": "Cohere-command-r-plus-08-2024",
}
"""Display names in the table of 2025 -> ids of the model catalog."""

_STAGES = {
    "Preview": "active",
    "GA": "active",
    "Generally available": "active",
    "Legacy": "legacy",
    "Deprecated": "deprecated",
    "Retired": "retired",
}
_STAGED = ["model", "version", "lifecycle", "retirement date", "replacement"]
_FINE_TUNED = ["model", "version", "training retirement date", "deployment retirement date"]
_THREE_DATES = [
    "model", "legacy date (utc)", "deprecation date (utc)", "retirement date (utc)", "suggested replacement model",
]  # fmt: skip
_FINE_TUNED_HEADING = "Fine-tuned models"
_SECTION = re.compile(r"(?m)^(?=#{2,3}\s)")
_DASHES = {"", "-", "\u2013", "\u2014", "N/A"}
_MODEL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,199}")
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,49}")
_ACCESS_REMARK = " (gated research preview)"
_VERSIONED = re.compile(r"(?P<model>\S+) \((?P<version>[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{1,3})\)")
_MARK = re.compile(r"\^([0-9]{1,2})\^|<sup>([0-9]{1,2})</sup>")
_FOOTNOTE = re.compile(r"\[\^[0-9]{1,2}\]")
_EXISTING_CUSTOMERS = re.compile(r"(\[\^[0-9]{1,2}\])\s*For existing customers only\.")


def parse(body: bytes) -> Parsed:
    """One row per model, version and scope; the scope of a fine-tuned model names the phase. Raises ParseError."""
    found = RowCollector(LifecycleObservation)
    page, tables = _page(body)
    footnotes = set(_EXISTING_CUSTOMERS.findall(page))
    candidates = [
        candidate
        for section, table in tables
        for candidate in _candidates(found, table, MAKERS.get(section), footnotes)
    ]
    add_each_once(found, candidates)
    return found.parsed()


def _page(body: bytes) -> tuple[str, list[tuple[str, Table]]]:
    """The text, and the tables with the heading that names the maker: for fine-tuned models the one above their own.

    Footnote marks are made "[^1]" in all forms of the page, as they mean something here; a raised one is not read.
    """
    if b"<html" not in body.lower():
        text = _MARK.sub(lambda mark: f"[^{mark[1] or mark[2]}]", body.decode("utf-8", errors="replace"))
        return text, [
            (plain_markdown(title.lstrip("# ")) if table.heading == _FINE_TUNED_HEADING else table.heading, table)
            for section in _SECTION.split(text)
            for title in [section.partition("\n")[0]]
            for table in markdown_tables(section)
        ]
    soup = BeautifulSoup(body, "lxml")
    for mark in soup.find_all("sup"):
        mark.replace_with(f"[^{mark.get_text(strip=True)[:20]}]")
    return soup.get_text(), [(_html_section(table), table) for table in html_tables(soup)]


def _html_section(table: Table) -> str:
    above = table.node.find_previous(["h2", "h3"]) if table.node and table.heading == _FINE_TUNED_HEADING else None
    return cell_text(above) if above else table.heading


def _candidates(found: RowCollector, table: Table, maker: str | None, footnotes: set[str]) -> Iterator[Candidate]:
    for error in table.errors:
        found.reject(table.heading, error, "unreadable part of a table")
    headers = [header.casefold() for header in table.headers]
    readers: dict[tuple[str, ...], Callable[[list[str]], Iterator[dict[str, Any]]]] = {
        tuple(_STAGED): _staged,
        tuple(_THREE_DATES): _three_dates,
        tuple(_FINE_TUNED): lambda cells: _fine_tuned(cells, footnotes),
    }
    read = readers.get(tuple(headers))
    if read is None:
        found.reject(table.heading, " | ".join(table.headers), "not a table of model retirements")
        return
    for cells in table.rows:
        raw_text = " | ".join(cells)
        try:
            if maker is None:
                raise ValueError("no known maker in the heading")
            rows = list(read(cells))
        except ValueError as error:
            found.reject(table.heading, raw_text, str(error))
            continue
        for row in rows:
            yield Candidate(
                0, table.heading, raw_text, {"provider": maker, "channel": "azure", "outcome": "fail"} | row
            )


def _staged(cells: list[str]) -> Iterator[dict[str, Any]]:
    if cells[2] not in _STAGES:
        raise ValueError("unknown lifecycle stage")
    model = _model(cells[0].removesuffix(_ACCESS_REMARK))
    yield {
        "model": model,
        "version": _version(cells[1]),
        "scope": "all",
        "state": _STAGES[cells[2]],
        **_end(cells[3]),
        **_replacement(model, cells[4]),
    }


def _three_dates(cells: list[str]) -> Iterator[dict[str, Any]]:
    model = _model(cells[0])
    yield {
        "model": model,
        "version": "",
        "scope": "all",
        "state": "deprecated",
        "legacy_on": _day(cells[1]) or _day(cells[2]),
        **_end(cells[3]),
        **_replacement(model, cells[4]),
    }


def _fine_tuned(cells: list[str], footnotes: set[str]) -> Iterator[dict[str, Any]]:
    """Two rows: training ends, later the deployments. A footnote can limit a date to existing customers."""
    model = _model(cells[0])
    for phase, cell in (("fine-tuned training", cells[2]), ("fine-tuned deployment", cells[3])):
        marks = set(_FOOTNOTE.findall(cell))
        if marks - footnotes:
            raise ValueError("a footnote whose meaning is not known")
        yield {
            "model": model,
            "version": _version(cells[1]),
            "scope": f"{phase}, existing customers" if marks else phase,
            "state": "deprecated",
            **_end(_FOOTNOTE.sub("", cell)),
        }


def _model(cell: str) -> str:
    """The id of a cell; Azure's ids have capitals. Raises ValueError."""
    model = NAMES.get(cell, cell)
    if not _MODEL_ID.fullmatch(model):
        raise ValueError(NO_ID)
    return model


def _version(cell: str) -> str:
    """The version of a cell, '' for a dash. Raises ValueError."""
    if cell in _DASHES:
        return ""
    if not _VERSION.fullmatch(cell):
        raise ValueError("not a version")
    return cell


def _day(cell: str) -> date | None:
    day, precision = read_date(cell)
    if precision not in ("day", "none"):
        raise ValueError(f"a stage without a day: {cell[:80]!r}")
    return day


def _end(cell: str) -> dict[str, Any]:
    retires_on, precision = read_date(cell)
    return {"retires_on": retires_on, "retires_precision": precision, "retires_printed": cell[:300] or None}


def _replacement(model: str, cell: str) -> dict[str, Any]:
    """Replacement ids; the cell as a note where it says more. A later version of the same model is in the note only."""
    if cell in _DASHES:
        return {"replacements": None, "replacement_note": None}
    ids = []
    for part in re.split(r"\s*[,\n]\s*|\s+or\s+", cell):
        versioned = _VERSIONED.fullmatch(part)
        ids.append(NAMES.get(part, versioned["model"] if versioned else part))
    named = [name for name in dict.fromkeys(ids) if _MODEL_ID.fullmatch(name) and name != model]
    replacements = ",".join(named) or None
    note = None if replacements == ",".join(part.strip() for part in cell.split(",")) else cell[:300]
    return {"replacements": replacements, "replacement_note": note}
