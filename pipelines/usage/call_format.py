"""Formats whose makers count a call in the same few words: one declaration of what those words mean.

Most tools state of a call a time, a model, and how many tokens went in, out, and through a cache. They differ in where
that stands, and in what is inside what. A format says the first by `fields` or `expand`, under the names of TEXTS, and
the second by `Inside`; here are columns, rules and identity. Formats with rules of their own declare an `Importer`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from pathlib import PureWindowsPath
from typing import Literal

import polars as pl

from pipelines.usage.fields import (
    FILE_TIME,
    MAX_TEXT,
    REST_AT_DEFAULT,
    any_moment,
    choice,
    export_count,
    key_id,
    seller,
    text,
    usd,
)
from pipelines.usage.identity import SEPARATOR
from pipelines.usage.importer import Importer, Reading, Record, Rule, UsageObject, unreadable

METERS = {
    "cache_read": "cache_read_tokens",
    "cache_write_1h": "cache_write_1h_tokens",
    "audio_in": "audio_input_tokens",
    "audio_cached": "audio_cache_read_tokens",
    "audio_out": "audio_output_tokens",
    "image_in": "image_input_tokens",
    "image_cached": "image_cache_read_tokens",
    "image_out": "image_output_tokens",
    "web_searches": "web_searches",
    "rerank_queries": "rerank_queries",
}
"""Counts that are columns as they are. `cache_write`, of the default lifetime, is without `cache_write_1h`."""
COUNTS = ("input", "cache_write", "output", "reasoning", "total", "requests", *METERS)
OWNERS = {"project": "project_id", "user": "user_id", "feature": "feature", "conversation": "conversation_id"}
TEXTS = (
    *("is_call", "grain", "time", "until", "model", "maker", "region", "tier", "cost", "key", "account"),
    *("response", "within", "row", "doubt"),
)
ALL_TEXTS = (*TEXTS, *COUNTS, *OWNERS)
"""Names under which a format hands on its texts. `row` and `response` tell a call from all others, `response` if it is
the provider's own id of the answer, `within` which call behind that it is. `maker` is the log's word for who was asked,
`is_call` "1" where a record is a call, `doubt` why it may have cost more; `grain` is for formats whose records are of
several."""
TIERS = {
    **dict.fromkeys(("default", "auto", "standard", "on_demand"), "standard"),
    **{word: word for word in ("batch", "flex", "priority", "fast")},
}
USAGE = "usage"
"""The text under which `rows` hands on the object that holds the counts of a call."""
NOWHERE = "(nowhere)"
"""The place of texts that a format does not have."""
UNNAMED = "unknown"
"""The model of a call whose log names none: it has no price, and is shown as unpriced."""
MAKERS = {r"^claude-": "anthropic", r"^(?:gpt-(?:[345]|image|audio|realtime)|o[134](?:-|$))": "openai"} | {
    r"^gemini-": "google"
}
"""Only what other logs of the same calls say too, so that reports of both meet (`costs.overlap`)."""


@dataclass(frozen=True)
class Inside:
    """What is counted inside `input` and `output`. A total that fits another reading decides against it."""

    cache: bool
    reasoning: bool


@dataclass(frozen=True)
class CallCounts:
    """What a format says beside the places of its texts."""

    inside: Inside
    grain: Literal["request", "session", "bucket"] = "request"
    """A bucket without `until` is of one day, a session without it of a moment."""
    maker: str | None = None
    """Who was asked, where records do not say."""
    channel: str | None = None
    tier: str | None = None
    """The tier of all records, where it is not theirs to say."""
    unnamed: str | None = None
    """The model of records that name none; without it they are refused."""
    is_dated_by_file: bool = False
    """Records have no time of their own, so the file's counts."""
    is_utc_without_zone: bool = False
    cost_per_usd: int = 1
    has_ids: bool = True
    """Whether all records have ids; one without is all that it says, and a number."""
    private: frozenset[str] = field(default_factory=frozenset)


def call_format(  # noqa: PLR0913 - parts of one declaration, each by its name
    name: str,
    description: str,
    signatures: tuple[frozenset[str], ...],
    says: CallCounts,
    *,
    rows: Callable[[Record], Iterable[Record]] | None = None,
    fields: Mapping[str, str] | None = None,
    is_call: pl.Expr | None = None,
    prepare: Callable[[pl.DataFrame], pl.DataFrame] | None = None,
    more: tuple[str, ...] = (),
    usage: UsageObject | None = None,
) -> Importer:
    """An importer of calls. `rows`: record -> rows of ALL_TEXTS; or `fields`: name of a text -> place in a record.

    `more`: texts that only `prepare` needs. `usage`: what the object means that `rows` hands on under USAGE, and where
    it stands; of `fields` all columns that count and are none of them are unknown.
    """
    names = (*ALL_TEXTS, *more)
    texts = {text: (fields or {}).get(text, NOWHERE) if fields else text for text in names}
    columns, rules = _columns(says, texts), _rules(says, texts)
    objects = (UsageObject(counted={}),) if fields else ()
    if usage:
        objects, texts = (replace(usage, text=USAGE, place=""),), {**texts, USAGE: usage.place or USAGE}
    return Importer(
        name=name,
        description=description,
        signatures=signatures,
        fields=texts,
        expand=_at_least_one(rows) if rows else None,
        is_usage=is_call if is_call is not None else pl.col("is_call") == "1",
        prepare=prepare,
        columns=columns,
        rules=rules,
        identity=("call",),
        response_id="response",
        within_response="within",
        version=4,
        numbers_alike=not says.has_ids,
        is_dated_by_file=says.is_dated_by_file,
        usage_objects=objects,
        private=says.private | {USAGE, "project", "user", "feature", "conversation"},
    )


def folder_name(path: object) -> str | None:
    """The name of a project's folder: the path above it tells about the user's machine."""
    name = PureWindowsPath(path).name if isinstance(path, str) else ""
    return name if 0 < len(name) <= MAX_TEXT else None


def number(value: object) -> int:
    """A count as it stands in a record, 0 where there is none. Raises ValueError for what is no whole number."""
    return int(str(value).removesuffix(".0")) if value is not None else 0


def carried(*names: str) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """A `prepare`: what an earlier record of a file said of these texts holds for later ones; rows are of their
    conversation.
    """

    def prepare(records: pl.DataFrame) -> pl.DataFrame:
        filled = records.with_columns(pl.col(names).forward_fill().over("import_id"))
        return filled.with_columns(
            row=pl.concat_str("conversation", "row", separator="/", ignore_nulls=True)
            if "conversation" in names
            else "row"
        )

    return prepare


def steps(names: Iterable[str], series: Iterable[str]) -> dict[str, pl.Expr]:
    """Sums so far -> what each record adds to the one before it of its series; where a sum falls it began anew."""
    columns = {name: pl.col(name).cast(pl.Int64, strict=False) for name in names}
    before = {name: column.shift(1).over(series) for name, column in columns.items()}
    began_anew = pl.any_horizontal(columns[name] < before[name] for name in columns)
    return {
        name: pl.when(before[name].is_null() | column.is_null() | began_anew.fill_null(value=False))
        .then(pl.col(name))
        .otherwise((column - before[name]).cast(pl.String))
        for name, column in columns.items()
    }


def _at_least_one(rows: Callable[[Record], Iterable[Record]]) -> Callable[[Record], Iterator[Record]]:
    """An `expand` by which a record that states no call is counted as ignored."""

    def expand(record: Record) -> Iterator[Record]:
        found = list(rows(record))
        yield from found or [{}]

    return expand


# Thirty formats are made of the same readings.
_count, _text, _moment = cache(export_count), cache(text), cache(any_moment)


@cache
def _tier() -> Reading:
    return choice("tier", TIERS, "standard", "unknown_service_tier")


@dataclass(frozen=True)
class _Counted:
    """Expressions of the counts that depend on each other."""

    uncached: pl.Expr
    output: pl.Expr
    rest: pl.Expr
    """What a total holds that no reading explains; below 0 where it holds less than its parts. NULL without a total."""


@cache
def _counted(inside: Inside) -> _Counted:
    values = {name: _count(name).value for name in COUNTS}
    cache = pl.sum_horizontal(values[name].fill_null(0) for name in ("cache_read", "cache_write", "cache_write_1h"))
    reasoning = values["reasoning"].fill_null(0)
    more = values["total"] - values["input"].fill_null(0) - values["output"].fill_null(0)
    # The format's own reading first, so that it holds where a total fits several.
    readings = [(inside.cache, inside.reasoning), (inside.cache, not inside.reasoning)]
    readings += [(not cache_is_in, reasoning_is_in) for cache_is_in, reasoning_is_in in readings]
    fits = [more == (0 if c else cache) + (0 if r else reasoning) for c, r in readings]
    expected = (0 if inside.cache else cache) + (0 if inside.reasoning else reasoning)
    rest = pl.when(pl.any_horizontal(fits)).then(0).otherwise(more - expected)
    first = pl.coalesce(pl.when(fit).then(pl.lit(place)) for place, fit in enumerate(fits)).fill_null(0)
    cache_is_inside = first.is_in([place for place, (c, _) in enumerate(readings) if c])
    reasoning_is_inside = first.is_in([place for place, (_, r) in enumerate(readings) if r])
    plain = values["input"] - pl.when(cache_is_inside).then(cache).otherwise(0)
    return _Counted(
        uncached=pl.when(rest > 0).then(plain.fill_null(0) + rest).otherwise(plain),
        output=values["output"] + pl.when(reasoning_is_inside).then(0).otherwise(reasoning),
        rest=rest,
    )


def _columns(says: CallCounts, texts: Mapping[str, str]) -> dict[str, pl.Expr | Reading]:
    counted = _counted(says.inside)
    starts = _moment("time", is_utc_without_zone=says.is_utc_without_zone, or_file_time=says.is_dated_by_file)
    told = _moment("until", is_utc_without_zone=says.is_utc_without_zone).value
    least = timedelta(days=1) if says.grain == "bucket" else timedelta(seconds=1)
    ends = pl.when(told > starts.value).then(told).otherwise(starts.value + least)
    provider, channel = _seller(says)
    own_tier = _tier().value
    ids = pl.concat_str("response", "row", separator="/", ignore_nulls=True)
    time = pl.coalesce("time", FILE_TIME) if says.is_dated_by_file else pl.col("time")
    stated = [time if name == "time" else pl.col(name) for name in texts]
    alike = pl.concat_str(*(said.fill_null("") for said in stated), pl.lit(""), separator=SEPARATOR)
    grain = pl.coalesce("grain", pl.lit(says.grain))
    return {
        "usage_at": starts,
        "usage_until": pl.when(grain != "request").then(ends),
        "grain": grain,
        "provider": provider,
        "channel": pl.lit(says.channel) if says.channel else channel,
        "region": _text("region").value.fill_null("global"),
        "model": _text("model").value.fill_null(says.unnamed) if says.unnamed else _text("model"),
        "service_tier": pl.lit(says.tier) if says.tier else own_tier,
        "input_uncached_tokens": counted.uncached,
        "lower_bound_reason": pl.coalesce("doubt", pl.when(counted.rest > 0).then(pl.lit(REST_AT_DEFAULT))),
        "cache_write_5m_tokens": _count("cache_write"),
        "output_tokens": counted.output,
        "of_which_reasoning_tokens": _count("reasoning"),
        **{column: _count(name) for name, column in METERS.items()},
        "requests": pl.coalesce(_count("requests").value, pl.when(grain == "request").then(1)),
        "account_id": _text("account"),
        "api_key_id": key_id("key"),
        **{column: _text(name) for name, column in OWNERS.items()},
        "reported_cost_usd": usd("cost", per_usd=says.cost_per_usd),
        "response": _text("response"),
        "row": _text("row"),
        "call": ids if says.has_ids else pl.when(ids != "").then(ids).otherwise(alike),
    }


def _seller(says: CallCounts) -> tuple[pl.Expr, pl.Expr]:
    """Provider and channel of the log's word, of the format, or of a model that only its maker sells by that name."""
    provider, channel = seller(pl.col("maker"))
    by_model = pl.coalesce(
        *(pl.when(pl.col("model").str.contains(ids)).then(pl.lit(maker)) for ids, maker in MAKERS.items()),
        pl.lit(UNNAMED),
    )
    if says.maker:
        return pl.lit(says.maker), channel
    named = pl.when(provider != "unknown").then(provider).otherwise(by_model)
    return named, channel


def _rules(says: CallCounts, texts: Mapping[str, str]) -> tuple[Rule, ...]:
    counted = _counted(says.inside)
    stated = [_count(name).value for name in COUNTS if name not in ("requests", "total")]
    rules = [
        *(unreadable(_count(name)) for name in ("input", "output", "total", "requests")),
        unreadable(_tier()),
        unreadable(_text("model")),
        Rule("no_token_counts", ~pl.any_horizontal(value.is_not_null() for value in stated), "no tokens are counted"),
        Rule("total_does_not_add_up", counted.rest < 0, "the total is less than input, output, cache and reasoning"),
        Rule("cached_exceeds_input", counted.uncached < 0, "cached tokens are more than the input that holds them"),
        Rule(
            "reasoning_exceeds_output",
            _count("reasoning").value > counted.output,
            "more reasoning than output tokens",
        ),
    ]
    if not says.unnamed:
        rules.append(Rule("no_model", (pl.col("model") == "").fill_null(value=True), "the record names no model"))
    if says.has_ids:
        is_nameless = (pl.coalesce("response", "row") == "").fill_null(value=True)
        rules.append(Rule("no_identity", is_nameless, "nothing tells the call from others"))
    return tuple(rules)
