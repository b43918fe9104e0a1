"""What of a logged prompt is conversation history, and what of it was in a cache and missed: tokens, never dollars.

A log counts a prompt whole. But where it names the conversation, its prompts grow, and what a prompt has beyond the
first one of its conversation is history. A cache holds the head of a prompt, so the first tokens are those that were
read, then those that were written, then the rest. System prompts and documents cannot be told apart, and are not.
"""

from collections.abc import Mapping
from datetime import date

import polars as pl
import polars.selectors as cs

from pipelines.costs.owner_costs import CONVERSATION, OWNERS
from pipelines.costs.pricing.aggregate import LOOKUP_KEY
from pipelines.schema.meters import QUANTITY_COLUMNS, quantity_column

COUNTS: dict[str, str | None] = {
    "history_read": "cache_read",
    "history_written_1h": "cache_write_1h",
    "history_written_5m": "cache_write_5m",
    "history_uncached": "input_uncached",
    "missed_written_1h": "cache_write_1h",
    "missed_written_5m": "cache_write_5m",
    "missed_uncached": "input_uncached",
    "missed_as_read": "cache_read",
    "history_missed_as_read": "cache_read",
    "resent_uncached": "input_uncached",
    "resent_as_read": "cache_read",
    "naive_input": "input_uncached",
    "naive_output": "output",
    "reasoning": "output",
    "calls": None,
    "calls_in_conversations": None,
    "output_telling_reasoning": None,
}
"""The columns that are added, and the meter at whose price each is valued."""
_READ, _WRITTEN_1H, _WRITTEN_5M, _UNCACHED, _OUTPUT = (
    quantity_column(meter) for meter in ("cache_read", "cache_write_1h", "cache_write_5m", "input_uncached", "output")
)
_REASONING = "of_which_reasoning_tokens"
_NEEDED = (_READ, _WRITTEN_1H, _WRITTEN_5M, _UNCACHED, _OUTPUT, _REASONING, "requests", "conversation_id", "account_id")
_CONVERSATION = ["usage_date", "account_id", "conversation_id", "provider", "channel", "model"]
"""A prompt is compared with those of the same model: a tool asks another one aside, with prompts of its own."""
_READ_BY_OTHERS = (
    *("usage_date", "usage_minute", *LOOKUP_KEY, *QUANTITY_COLUMNS.values()),
    *(*OWNERS, CONVERSATION, "provider", "model"),
)
"""What the price and the owner of a row depend on."""


def rows_with_parts(days: Mapping[date, pl.LazyFrame]) -> dict[date, pl.LazyFrame]:
    """Usage by UTC day with COUNTS, in memory: the columns that price and owner depend on, as far as any day has them.

    All days in one plan: to make one of hundreds of expressions takes longer than to run it for a small day.
    """
    if not days:
        return {}
    named = with_prompt_parts(pl.concat(days.values(), how="diagonal_relaxed"))
    rows = named.select(cs.by_name(*_READ_BY_OTHERS, *COUNTS, require_all=False)).collect()
    found, first = {}, 0
    for count, day in rows["usage_date"].rle().struct.unnest().iter_rows():  # they are sorted by time
        found[day] = rows.slice(first, count).lazy()
        first += count
    return found


def with_prompt_parts(usage: pl.LazyFrame) -> pl.LazyFrame:
    """Add COUNTS to the usage of some days (columns of core.usage; one that is NULL throughout may be left out).

    Of rows that are no requests of a named conversation the whole prompt is naive. A conversation that goes on after
    midnight begins anew, so what is history is the least that it may be. Between two calls of a conversation whose
    prompt grew, missed tokens are those that the first left in the cache and the second did not read; resent ones are
    others that the first had sent, too, and the second sent uncached: as many as a cache may have held, at most.
    """
    columns = usage.collect_schema()
    types = {"conversation_id": pl.String(), "account_id": pl.String()}
    absent = {name: pl.lit(None, types.get(name, pl.Int64())) for name in _NEEDED if name not in columns}
    # Calls of a conversation need not stand together, and to sort by texts takes longer than all the rest.
    rows = usage.with_columns(**absent).sort("usage_at", "prompt_tokens", maintain_order=True)
    is_call = pl.col("conversation_id").is_not_null() & (pl.col("grain") == "request")
    key = [*_CONVERSATION, is_call]
    prompt, cached = _prompt(), _filled(_READ) + _filled(_WRITTEN_1H) + _filled(_WRITTEN_5M)
    before, left = prompt.shift(1).over(key), cached.shift(1).over(key)
    has_grown = is_call & (prompt >= before)
    known = rows.with_columns(
        first=pl.when(is_call).then(prompt.first().over(key)),
        in_cache=pl.when(has_grown).then(pl.min_horizontal(left, prompt)).otherwise(0),
        sent=pl.when(has_grown).then(before).otherwise(0),
    )
    counted = _counted(pl.col("first"), pl.col("in_cache"), pl.col("sent"))
    return known.with_columns(**counted).drop("first", "in_cache", "sent", *absent)


def _counted(first: pl.Expr, in_cache: pl.Expr, sent: pl.Expr) -> dict[str, pl.Expr]:
    """COUNTS of rows. `first`: size of the first prompt of the conversation, NULL outside one.

    `in_cache`, `sent`: tokens at the head of the prompt that the call before left in the cache, and that it sent.
    """
    prompt, read = _prompt(), _filled(_READ)
    edges = {
        "read": (pl.lit(0), read),
        "written_1h": (read, read + _filled(_WRITTEN_1H)),
        "written_5m": (read + _filled(_WRITTEN_1H), prompt - _filled(_UNCACHED)),
        "uncached": (prompt - _filled(_UNCACHED), prompt),
    }
    begin = first.fill_null(prompt)
    missed_until = pl.max_horizontal(in_cache, read)
    missed_from = pl.max_horizontal(begin, read)
    resent = _common(edges["uncached"], (missed_until, sent))
    reasoning = pl.col(_REASONING)
    calls = pl.col("requests").fill_null(pl.when(pl.col("grain") == "request").then(1))
    return {
        "history_read": _common(edges["read"], (begin, prompt)),
        **{
            f"history_{name}": _common(edges[name], (begin, prompt)) - _common(edges[name], (missed_from, missed_until))
            for name in ("written_1h", "written_5m", "uncached")
        },
        **{
            f"missed_{name}": _common(edges[name], (read, missed_until))
            for name in ("written_1h", "written_5m", "uncached")
        },
        "missed_as_read": missed_until - read,
        "history_missed_as_read": (missed_until - missed_from).clip(0),
        "resent_uncached": resent,
        "resent_as_read": resent,
        "naive_input": pl.min_horizontal(begin, prompt),
        "naive_output": _filled(_OUTPUT) - reasoning.fill_null(0),
        "reasoning": reasoning.fill_null(0),
        "calls": calls.fill_null(0),
        "calls_in_conversations": pl.when(first.is_not_null()).then(calls).fill_null(0),
        "output_telling_reasoning": pl.when(reasoning.is_not_null()).then(_filled(_OUTPUT)).fill_null(0),
    }


def _common(one: tuple[pl.Expr, pl.Expr], other: tuple[pl.Expr, pl.Expr]) -> pl.Expr:
    """Tokens that two stretches of a prompt have in common."""
    return (pl.min_horizontal(one[1], other[1]) - pl.max_horizontal(one[0], other[0])).clip(0)


def _prompt() -> pl.Expr:
    """Tokens of text in a prompt: audio and images are not compared."""
    return _filled(_READ) + _filled(_WRITTEN_1H) + _filled(_WRITTEN_5M) + _filled(_UNCACHED)


def _filled(column: str) -> pl.Expr:
    return pl.col(column).fill_null(0)
