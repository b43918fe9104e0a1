"""What the deprecation pages have in common: model ids in prose cells, one statement per model. No page layout here."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from pipelines.sources.lifecycle.printed_dates import read_date
from pipelines.sources.parsed import RowCollector

NO_ID = "not a model id"

_MODEL_ID = re.compile(r"[a-z0-9][a-z0-9._:/-]{0,199}")
_SNAPSHOT_NOTE = re.compile(r"\(including ([^()]*?),? which points? to this snapshot\)")
_SEPARATOR = re.compile(r"\s*(?:,\s*(?:or|and)\s|[,|\n]|\s(?:or|and)\s)\s*")
_NO_REPLACEMENT = {"-", "--", "---", "\u2014", "N/A"}


@dataclass(frozen=True)
class Statement:
    """One announcement's word on one model. `place` and `raw_text` say where it stands on the page."""

    model: str
    state: str
    announced_on: date | None
    retires_on: date | None
    retires_precision: str
    retires_printed: str
    replacements: str | None
    place: str
    raw_text: str


def read_ids(cell: str) -> tuple[list[str], list[str]]:
    """The model ids of a cell in its order, and the parts of it that are none.

    Ids may be joined by commas, bars, line breaks, "or" and "and", or stand in "(including ..., which point to this
    snapshot)". A trailing footnote star is dropped. A part must be an id as a whole: nothing is picked out of prose.
    """
    joined = _SNAPSHOT_NOTE.sub(r", \1", cell)
    parts = [part for text in _SEPARATOR.split(joined) if (part := text.strip().rstrip("*").rstrip())]
    ids = [part for part in parts if _MODEL_ID.fullmatch(part)]
    return list(dict.fromkeys(ids)), [part for part in parts if not _MODEL_ID.fullmatch(part)]


def read_replacements(found: RowCollector, cell: str, place: str) -> str | None:
    """Replacement ids, comma separated; None for a dash or nothing. Other parts are kept as rejects."""
    if cell.strip() in _NO_REPLACEMENT:
        return None
    ids, others = read_ids(cell)
    for other in others:
        found.reject(place, other, f"replacement is {NO_ID}")
    return ",".join(ids) or None


def read_announcement(text: str) -> date | None:
    """The day of an announcement; None for a dash. Raises ValueError for anything but a whole day."""
    announced_on, precision = read_date(text)
    if precision not in ("day", "none"):
        raise ValueError(f"an announcement without a day: {text[:80]!r}")
    return announced_on


def latest_statements(found: RowCollector, statements: Iterable[Statement]) -> Iterator[Statement]:
    """One statement per model: that of the most recent announcement. The others become rejects that name it.

    Where one announcement gives a model two dates, both are refused: nothing on the page says which one holds.
    """
    by_model: dict[str, list[Statement]] = {}
    for statement in statements:
        by_model.setdefault(statement.model, []).append(statement)
    for model, all_said in by_model.items():
        newest = max(said.announced_on or date.min for said in all_said)
        current = [said for said in all_said if (said.announced_on or date.min) == newest]
        is_clear = len({(said.retires_on, said.retires_precision, said.state) for said in current}) == 1
        if is_clear:
            yield current[0]
        for said in all_said:
            if said not in current:
                found.reject(said.place, said.raw_text, f"{model}: superseded by the announcement of {newest}")
            elif not is_clear:
                found.reject(said.place, said.raw_text, f"{model}: two dates in one announcement")
            elif said is not current[0]:
                found.reject(said.place, said.raw_text, f"{model}: repeated in one announcement")


def add_statement(found: RowCollector, provider: str, said: Statement) -> None:
    """Add a statement as a row. Its outcome is "fail": both providers say that requests to a retired model fail."""
    found.add(
        provider=provider,
        channel="api",
        model=said.model,
        version="",
        scope="all",
        state=said.state,
        announced_on=said.announced_on,
        retires_on=said.retires_on,
        retires_precision=said.retires_precision,
        retires_printed=said.retires_printed[:300] or None,
        outcome="fail",
        replacements=said.replacements,
    )
