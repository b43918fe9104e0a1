"""Amazon Bedrock's page of model versions, HTML -> model lifecycles. Dates and ids are read in modules of their own.

Three tables: active, legacy, and past their end ("EOL"). Provider and model are those that the platform's id names,
the version is the revision in the id ("v1:0"), since revisions end one by one. From its public extended access date a
legacy model costs more until its end ("you should expect higher pricing"): outcome "price_rise". All others "fail":
"requests made to this version will fail"; "migration will not happen automatically". The legacy date is no
announcement: users are told before it.

The scope is the regions in parentheses at the date of the end. A model that stays active in some regions is listed
twice, then the regions of its active row are that row's scope.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

from bs4 import Tag

from pipelines.models.model_ids import platform_id
from pipelines.schema.lifecycles import LifecycleObservation
from pipelines.sources.lifecycle.bedrock_ids import ENDING_MODELS, identity
from pipelines.sources.lifecycle.keyed_rows import Candidate, add_each_once
from pipelines.sources.lifecycle.printed_dates import read_date
from pipelines.sources.lifecycle.statements import read_ids
from pipelines.sources.page_tables import Table, cell_text, html_tables
from pipelines.sources.parsed import Parsed, RowCollector

_ACTIVE = ["provider", "model name", "model id", "regions supported", "launch date", "input modalities",
           "output modalities"]  # fmt: skip
_ENDING = ["model version", "legacy date", "eol date", "recommended model version replacement", "recommended model id"]
_EXTENDED = "public extended access date"
_END_CELL = 5
"""The end stands after the launch date in a column whose header is missing: seven headers over eight cells."""
_ACTIVE_COMPLETE = [*_ACTIVE[:_END_CELL], "eol date", *_ACTIVE[_END_CELL:]]
_US_DAY = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
_DATED = re.compile(r"(?P<day>[^()]*?)\s*(?:\((?P<regions>[^()]*)\))?")
_REGION = re.compile(r"[a-z]{2}(?:-[a-z]{2,10}){1,2}-[0-9]")
_MAX_SCOPE = 300


def parse(body: bytes) -> Parsed:
    """One row per model, revision and scope. Raises ParseError when no table yields one."""
    found = RowCollector(LifecycleObservation)
    active: list[Candidate] = []
    ending: list[Candidate] = []
    for table in html_tables(body):
        headers = [header.casefold() for header in table.headers]
        if headers in (_ACTIVE, _ACTIVE_COMPLETE):
            active.extend(_active(found, table))
        elif [header for header in headers if header != _EXTENDED] == _ENDING:
            ending.extend(_ending(found, table, headers))
        else:
            found.reject(table.heading, " | ".join(table.headers), "not a table of model versions")
    add_each_once(found, [*_with_scopes(found, active, ending), *ending])
    return found.parsed()


def _active(found: RowCollector, table: Table) -> Iterator[Candidate]:
    """Rows as the page has them; the scope is that of the supported regions for now."""
    lines = table.node.find_all("tr") if isinstance(table.node, Tag) else []
    for line in lines:
        cells = [cell_text(cell) for cell in line.find_all("td", recursive=False)]
        if not cells:
            continue
        raw_text = " | ".join(cells)
        try:
            if len(cells) != len(_ACTIVE_COMPLETE):
                raise ValueError(f"{len(cells)} cells where the end of life is the sixth of eight")
            retires_on, precision = _read_us_date(cells[_END_CELL])
            regions = _regions(cells[3].replace("*", "").replace(" (Gated)", ""))
            row = identity(cells[2]) | {
                "scope": regions,
                "state": "active",
                "retires_on": retires_on,
                "retires_precision": precision,
                "retires_printed": cells[_END_CELL][:300] or None,
                "outcome": "fail",
            }
        except ValueError as error:
            found.reject(table.heading, raw_text, str(error))
            continue
        yield Candidate(0, table.heading, raw_text, row)


def _ending(found: RowCollector, table: Table, headers: list[str]) -> Iterator[Candidate]:
    """Rows of the legacy table or of that of ended models; only the former has a date of extended access."""
    is_legacy = _EXTENDED in headers
    for error in table.errors:
        found.reject(table.heading, error, "unreadable part of a table")
    for cells in table.rows:
        cell = dict(zip(headers, cells, strict=True))
        raw_text = " | ".join(cells)
        try:
            row = _ending_row(found, table.heading, cell)
        except ValueError as error:
            found.reject(table.heading, raw_text, str(error))
            continue
        row["state"] = "legacy" if is_legacy else "retired"
        row |= _replacements(found, table.heading, row, cell)
        yield Candidate(1 if is_legacy else 2, table.heading, raw_text, row)


def _ending_row(found: RowCollector, place: str, cell: dict[str, str]) -> dict[str, Any]:
    """Dates of one row. The regions are those of the end, else those of the dates before it, latest first."""
    name = cell["model version"]
    if name not in ENDING_MODELS:
        raise ValueError("a name whose id is not known")
    legacy_on, legacy_regions = _dated(cell["legacy date"])
    extended_on, extended_regions = _dated(cell.get(_EXTENDED, ""))
    retires_on, regions = _dated(cell["eol date"])
    if retires_on is None:
        raise ValueError("no day of the end")
    scope = regions or extended_regions or legacy_regions or "all"
    if legacy_regions not in ("", scope):
        found.reject(place, f"{name}: {cell['legacy date']}", "a legacy date for other regions than the end")
    return identity(ENDING_MODELS[name]) | {
        "scope": scope,
        "legacy_on": legacy_on,
        "price_change_on": extended_on,
        "retires_on": retires_on,
        "retires_precision": "day",
        "retires_printed": cell["eol date"][:300],
        "outcome": "price_rise" if extended_on else "fail",
    }


def _dated(text: str) -> tuple[date | None, str]:
    """The day of "July 15th, 2025 (all Regions)" and its regions ('' where none are named). Raises ValueError."""
    parts = _DATED.fullmatch(text)
    if parts is None:
        raise ValueError("a date with more than one remark")
    printed = "" if parts["day"] in ("NA", "N/A") else parts["day"]
    day, precision = read_date(printed)
    if precision not in ("day", "none"):
        raise ValueError(f"a stage without a day: {text[:80]!r}")
    return day, _regions(parts["regions"] or "")


def _regions(text: str) -> str:
    """Regions in alphabetical order, comma separated; "all" for all Regions, '' for none. Raises ValueError."""
    bare = re.sub(r"(?i)\s*\bregions?$", "", text.strip()).removeprefix("only in ")
    if bare.casefold() == "all":
        return "all"
    names = [name for part in re.split(r"[,\n]|\sand\s", bare) if (name := part.strip().removeprefix("and "))]
    if not all(_REGION.fullmatch(name) for name in names):
        raise ValueError(f"no list of regions: {text[:80]!r}")
    regions = ",".join(sorted(set(names)))
    if len(regions) > _MAX_SCOPE:
        raise ValueError("more regions than a scope holds")
    return regions


def _read_us_date(text: str) -> tuple[date | None, str]:
    """As read_date, where the page writes month/day/year: "No sooner than 9/23/2025"."""
    return read_date(_US_DAY.sub(lambda day: f"{day[3]}-{int(day[1]):02}-{int(day[2]):02}", text))


def _replacements(found: RowCollector, place: str, row: dict[str, Any], cell: dict[str, str]) -> dict[str, Any]:
    """Models recommended, by the platform's ids; a later revision of the same model stands in the note only."""
    printed, names = cell["recommended model id"], cell["recommended model version replacement"]
    ids, others = read_ids(printed)
    models = []
    for text in ids:
        parts = platform_id(text)
        if parts is None:
            others.append(text)
        elif parts.model != row["model"]:
            models.append(parts.model)
    for other in others:
        found.reject(place, f"{row['model']}: {other}", "replacement is not a model id")
    return {
        "replacements": ",".join(dict.fromkeys(models)) or None,
        "replacement_note": f"{names}: {printed}"[:300],
    }


def _with_scopes(found: RowCollector, active: list[Candidate], ending: list[Candidate]) -> Iterator[Candidate]:
    """Active rows: "all" where the model is listed once, without those that an ending row covers."""
    for said in active:
        own = set(said.row["scope"].split(",")) - {""}
        others = [end.row["scope"] for end in ending if _same_model(end, said)]
        if any(scope == "all" or (own and own <= set(scope.split(","))) for scope in others):
            found.reject(said.place, said.raw_text, f"{said.row['model']}: superseded by another part of the page")
            continue
        is_single = not others and sum(_same_model(other, said) for other in active) == 1
        scope = "all" if is_single or not own else said.row["scope"]
        yield replace(said, row=said.row | {"scope": scope})


def _same_model(left: Candidate, right: Candidate) -> bool:
    return left.key[:-1] == right.key[:-1]
