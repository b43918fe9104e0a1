"""Anthropic's tables of prices by prompt size, "<= 200K input tokens" beside "> 200K": of long context and fast mode.

Three forms of the long context table are known: two ranges as columns (the text names the models), a column of models
before them, and one column per range and meter. Fast mode has had a row per range.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.sources.llm_prices.anthropic_names import model_id
from pipelines.sources.page_tables import Table

LONG_METERS = {"input": "input_uncached", "output": "output"}

_SIZE = r"(?P<size>\d{1,5})[Kk] input tokens"
_BASE = re.compile(rf"(?:\N{{LESS-THAN OR EQUAL TO}}|<=) ?{_SIZE}(?:(?: / | )(?P<meter>Input|Output))?", re.ASCII)
_ABOVE = re.compile(rf"> ?{_SIZE}(?:(?: / | )(?P<meter>Input|Output))?", re.ASCII)
_LABELLED = re.compile(r"(Input|Output): (.+)")
_VERSION = re.compile(r"\d{1,2}(?:\.\d{1,2})?", re.ASCII)


@dataclass(frozen=True)
class LongPrice:
    """One meter at two prices as printed; `names` are the models of the row, None where the table has none."""

    names: list[str] | None
    meter: str
    base: str
    above: str


@dataclass(frozen=True)
class _Column:
    place: int
    size: int
    is_above: bool
    meter: str | None


def boundary(table: Table) -> int | None:
    """The largest prompt in tokens at base price, if the headers are ranges that meet there."""
    columns = _columns(table)
    sizes = {column.size for column in columns or ()}
    return sizes.pop() if len(sizes) == 1 else None


def long_prices(table: Table) -> Iterator[LongPrice]:
    """The rows of a long context table. Raises ValueError naming the row that is not one meter at two prices."""
    columns = _columns(table) or []
    names: list[str] | None = None
    for row in table.rows:
        if table.headers[0] == "Model":
            names = _names(row[0]) if row[0] else names
        base, above = (
            dict(part for column in columns if column.is_above == side for part in _parts(row[column.place], column))
            for side in (False, True)
        )
        if not base or base.keys() != above.keys():
            raise ValueError(f"not one meter at two prices: {' | '.join(row)}")
        for meter, text in base.items():
            yield LongPrice(names, LONG_METERS[meter.casefold()], text, above[meter])


def window_range(text: str) -> tuple[int, int | None] | None:
    """The prompt sizes of "<= 200K input tokens": from, inclusive, and to, exclusive; None for another text."""
    base, above = _BASE.fullmatch(text), _ABOVE.fullmatch(text)
    if base is not None:
        return 0, int(base["size"]) * 1000 + 1
    return (int(above["size"]) * 1000 + 1, None) if above is not None else None


def _columns(table: Table) -> list[_Column] | None:
    """The columns of prices; None unless all but a column of models name a range, on both sides of it."""
    first = int(table.headers[:1] == ["Model"])
    found = []
    for place, header in enumerate(table.headers[first:], first):
        base, above = _BASE.fullmatch(header), _ABOVE.fullmatch(header)
        read = base or above
        if read is None:
            return None
        found.append(_Column(place, int(read["size"]) * 1000, above is not None, read["meter"]))
    return found if len({column.is_above for column in found}) == 2 else None


def _parts(cell: str, column: _Column) -> list[tuple[str, str]]:
    """(meter, price) of a cell: of its column's meter, or labelled line by line. Raises ValueError for other lines."""
    if column.meter is not None:
        return [(column.meter, cell)]
    parts = [_LABELLED.fullmatch(line) for line in cell.split("\n")]
    if not all(parts) or len({part[1] for part in parts if part}) != len(parts):
        raise ValueError(f"not one meter at two prices: {cell}")
    return [(part[1], part[2]) for part in parts if part]


def _names(cell: str) -> list[str]:
    """The names in "Claude Sonnet 4.5 / 4": a version alone is of the family before it."""
    names: list[str] = []
    for part in (text.strip() for text in cell.split("/")):
        is_version = _VERSION.fullmatch(part) is not None and bool(names)
        names.append(f"{names[-1].rpartition(' ')[0]} {part}" if is_version else part)
    return names


def mentioned(table: Table) -> set[str | None]:
    """The ids of all models that rows of a table name first, whatever else stands in them."""
    return {model for row in table.rows for name in _names(row[0]) if (model := model_id(name))}


def models_of(names: list[str]) -> list[str]:
    """The ids of the names of a row. Raises ValueError for a name of no known pattern."""
    ids = [model_id(name) for name in names]
    if None in ids:
        raise ValueError(f"the model name is of no known pattern: {' / '.join(names)}")
    return [model for model in ids if model]
