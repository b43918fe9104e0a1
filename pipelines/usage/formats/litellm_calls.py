"""Rows of LiteLLM whose answer had other calls behind it (Anthropic's `iterations`) -> a row for each: `nested_calls`.

LiteLLM states the prompt with what was cached and written; which of the calls its counts hold, the sums tell.
"""

from typing import Any

import polars as pl

from pipelines.usage.json_fields import read_json
from pipelines.usage.nested_calls import Call, Counts, calls_behind

TEXTS = {
    "cache_read": ("cache_read", "cached_tokens", "cached_plain", "cache_hit_tokens", "extra_read"),
    "cache_write": ("cache_write", "cache_creation_tokens", "extra_write"),
    "write_5m": ("write_5m", "write_5m_raw"),
    "write_1h": ("write_1h", "write_1h_raw"),
}
"""A count of a call -> the texts of a row that say it."""
OF_THE_ROW = ("usage_object", "spend", "web_searches", "audio_in", "audio_out", "reasoning")
"""Texts that count once, with the first call."""


def split_calls(rows: pl.DataFrame) -> pl.DataFrame:
    """Add `within`, the name of a call behind the answer, and `doubt`, where such calls cannot be read."""
    named = rows.with_columns(within=pl.lit(None, pl.String), doubt=pl.lit(None, pl.String))
    has_calls = pl.col("iterations").str.contains(r"\{").fill_null(value=False)
    if not named.select(has_calls.any()).item():
        return named
    numbered = named.with_row_index("place")
    made = [call for row in numbered.filter(has_calls).iter_rows(named=True) for call in _calls(row)]
    split = pl.DataFrame(made, schema=numbered.schema)
    return pl.concat([numbered.filter(~has_calls), split]).sort("place", maintain_order=True).drop("place")


def _calls(row: dict[str, Any]) -> list[dict[str, Any]]:
    try:
        stated = _stated(row)
        calls = calls_behind(row["model"], stated, read_json(row["iterations"]))
        changed = {place: _texts(call) for place, call in enumerate(calls) if call.counts != stated}
    except (ValueError, TypeError, AttributeError, RecursionError):
        return [{**row, "doubt": "calls_not_read"}]
    once = dict.fromkeys(OF_THE_ROW)
    return [
        {**row, **(once if place else {}), **changed.get(place, {}), "model": call.model, "within": call.within}
        for place, call in enumerate(calls)
    ]


def _stated(row: dict[str, Any]) -> Counts:
    """What the row says, as Anthropic counts it. Raises ValueError or TypeError where it says no counts."""
    told = {name: _largest(row, texts) for name, texts in TEXTS.items()}
    cache = int(told["cache_read"] or 0) + int(told["cache_write"] or 0)
    return {"input_tokens": str(int(row["prompt_tokens"]) - cache), "output_tokens": row["completion_tokens"], **told}


def _largest(row: dict[str, Any], texts: tuple[str, ...]) -> str | None:
    return max((row[text] for text in texts if row[text]), key=int, default=None)


def _texts(call: Call) -> dict[str, str | None]:
    """A call as LiteLLM would say it."""
    counts = call.counts
    parts = [int(counts[name] or 0) for name in ("input_tokens", "cache_read", "cache_write")]
    given = int(counts["output_tokens"] or 0)
    said = {text: counts[name] for name, texts in TEXTS.items() for text in texts}
    total = {"prompt_tokens": sum(parts), "completion_tokens": given, "total_tokens": sum(parts) + given}
    return {**said, **{name: str(count) for name, count in total.items()}}
