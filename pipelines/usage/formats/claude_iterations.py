"""`usage.iterations` of a response of Anthropic: the calls that were made for it, as records of their own.

A response may be made in several steps: `message` by the model itself, `compaction` of what came before, and
`advisor_message` or others by a model of their own. The response's own counts hold the steps of its model and, by
Anthropic's documents, leave the others out; logs that hold all of them exist too, so the sums decide. No format here.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from pipelines.usage.json_fields import as_text, read_json

COUNTS = {
    "input_tokens": ("input_tokens",),
    "output_tokens": ("output_tokens",),
    "cache_read": ("cache_read_input_tokens",),
    "cache_write": ("cache_creation_input_tokens",),
    "write_5m": ("cache_creation", "ephemeral_5m_input_tokens"),
    "write_1h": ("cache_creation", "ephemeral_1h_input_tokens"),
}
"""Name of a text of the record -> its place in an iteration."""
COMPARED = ("input_tokens", "output_tokens", "cache_read", "cache_write")
OF_THE_RESPONSE = ("web_searches", "cost")
"""Texts that count once, with the response."""
ONE_PLAIN_STEP = r"^\[\s*\{[^{}\[\]]*(?:\{[^{}]*\}[^{}\[\]]*)?\}\s*\]$"
OWN_MODEL = r'"model"\s*:\s*"'
PLAIN_TYPE = r'"type"\s*:\s*"message"'
Sums = dict[str, int]


def split_iterations(records: pl.DataFrame) -> pl.DataFrame:
    """Give every call that a record's counts do not hold a record of its own, named in `iteration`.

    `records`: texts of Claude Code, `iterations` the JSON text of the list. The counts of the record become those of
    its own model where they hold the others too. Of a record whose list cannot be read `is_unread` is "1".
    """
    named = records.with_columns(iteration=pl.lit(None, pl.String), is_unread=pl.lit(None, pl.String))
    if records["iterations"].null_count() == records.height:
        return named
    # Nearly all lists tell of one plain step, which is what the counts of the record say.
    text = pl.col("iterations")
    is_plain = text.str.contains(ONE_PLAIN_STEP) & text.str.contains(PLAIN_TYPE) & ~text.str.contains(OWN_MODEL)
    is_split = (text.is_not_null() & (text != "[]") & ~is_plain).fill_null(value=False)
    positions = named.select(pl.arg_where(is_split)).to_series()
    if positions.is_empty():
        return named
    split = {
        position: _calls(row) for position, row in zip(positions, named[positions].iter_rows(named=True), strict=True)
    }
    kept = named.with_row_index("position").filter(~pl.col("position").is_in(positions.implode()))
    rows = [{**row, "position": position} for position, calls in split.items() for row in calls]
    made = pl.DataFrame(rows, schema=kept.schema)
    return pl.concat([kept, made]).sort("position", maintain_order=True).drop("position")


def _calls(row: dict[str, Any]) -> list[dict[str, Any]]:
    """The record with the counts of its own model, and a record for each other call."""
    try:
        steps = read_json(row["iterations"])
        others = [(number, step) for number, step in enumerate(steps) if _is_apart(step, row["model"])]
        own = [_texts(step) for step in steps if not _is_apart(step, row["model"])]
        apart = [_texts(step) for _, step in others]
        counts = _own_counts(row, own, apart)
    except (ValueError, TypeError, AttributeError, RecursionError):
        return [{**row, "is_unread": "1"}]
    calls = [{**row, **counts}] if any(counts.get(name) not in (None, "0") for name in COMPARED) or not apart else []
    for (number, step), texts in zip(others, apart, strict=True):
        model = as_text(step.get("model")) or row["model"]
        name = f"{as_text(step.get('type'))}/{number}"
        rest = dict.fromkeys(OF_THE_RESPONSE)
        calls.append({**row, **rest, **texts, "model": model, "iteration": name})
    return calls


def _is_apart(step: dict[str, Any], model: str | None) -> bool:
    """Whether a step is another call than those that the response's model made for its answer."""
    return step.get("type", "message") != "message" or step.get("model", model) != model


def _texts(step: dict[str, Any]) -> dict[str, str | None]:
    return {name: as_text(_at(step, path)) for name, path in COUNTS.items()}


def _at(step: dict[str, Any], path: Sequence[str]) -> object:
    value: Any = step
    for name in path:
        value = (value or {}).get(name)
    return value


def _own_counts(row: dict[str, Any], own: list[dict[str, Any]], apart: list[dict[str, Any]]) -> dict[str, str | None]:
    """The counts of the response's own model: those of the record, or the sum of its steps where that is right.

    The sum is right where the record holds other calls too, and where it states no more than a part of the steps.
    """
    stated = {name: row[name] for name in COUNTS}
    if not apart and not own:
        return stated
    whole, ours, theirs = _sum([stated]), _sum(own), _sum(apart)
    for held in _held(apart):
        if own and whole == _sum([*own, *held]):
            return _as_texts(ours, own)
    if not own and apart and whole == theirs:
        return dict.fromkeys(COUNTS, "0")
    is_part = own and all(whole[name] <= ours[name] for name in COMPARED)
    return _as_texts(ours, own) if is_part and whole != ours else stated


def _held(apart: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Which of the other calls the record's counts may hold: all of them, or any one."""
    if len(apart) > 1:
        yield apart
    yield from ([one] for one in apart)


def _sum(steps: Sequence[dict[str, Any]]) -> Sums:
    return {name: sum(int(step[name] or 0) for step in steps) for name in COMPARED}


def _as_texts(sums: Sums, steps: list[dict[str, Any]]) -> dict[str, str | None]:
    """Sums as the texts of a record; a split of writes only where every step has it."""
    parts: dict[str, str | None] = dict.fromkeys(set(COUNTS) - set(COMPARED))
    for name in parts:
        if all(step[name] is not None for step in steps):
            parts[name] = str(sum(int(step[name]) for step in steps))
    has_any = {name for name in COMPARED if any(step[name] is not None for step in steps)}
    return {name: str(sums[name]) if name in has_any else None for name in COMPARED} | parts
