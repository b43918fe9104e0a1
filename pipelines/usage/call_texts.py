"""What formats say of a call in the same few words: names of texts, and what is counted inside what.

Most tools state of a call a time, a model, and how many tokens went in, out, and through a cache. They differ in where
that stands, and in what is inside what: the first a format says by the names of TEXTS, the second by `Inside`. The
declaration that is made of it is `call_format`'s.
"""

from dataclasses import dataclass, field
from pathlib import PureWindowsPath
from typing import Literal

from pipelines.usage.fields import MAX_TEXT

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
USAGE = "usage"
"""The text under which `rows` hands on the object that holds the counts of a call."""
NOWHERE = "(nowhere)"
"""The place of texts that a format does not have."""
UNNAMED = "unknown"
"""The model of a call whose log names none: it has no price, and is shown as unpriced."""


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


def folder_name(path: object) -> str | None:
    """The name of a project's folder: the path above it tells about the user's machine."""
    name = PureWindowsPath(path).name if isinstance(path, str) else ""
    return name if 0 < len(name) <= MAX_TEXT else None


def number(value: object) -> int:
    """A count as it stands in a record, 0 where there is none. Raises ValueError for what is no whole number."""
    return int(str(value).removesuffix(".0")) if value is not None else 0
