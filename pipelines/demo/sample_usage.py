"""Sample usage of 87 days in two real log formats, the same bytes at every call. Invented volumes, no prices.

An OpenAI dashboard export (daily buckets) and a Claude Code session log. Both hold what real logs hold: a day without
usage, quiet weekends, growth, responses logged several times while they stream, a model that no price list knows and
a line that was cut off.
"""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any

FIRST_DAY, LAST_DAY = date(2026, 7, 15), date(2026, 10, 9)
DAY_WITHOUT_USAGE = date(2026, 9, 6)
SEED = 20260715
OPENAI_FILE = "openai_usage.tsv"
CLAUDE_FILE = "claude_code.jsonl"

GROWTH = 0.3
"""More usage on the last day than on the first, as a share."""
WEEKEND = 0.12
"""Usage of a weekend day as a share of a weekday."""

COLUMNS = (
    *("start_time", "end_time", "start_time_iso", "end_time_iso", "project_id", "num_model_requests", "user_id"),
    *("api_key_id", "model", "batch", "service_tier", "input_tokens", "output_tokens", "input_cached_tokens"),
    *("input_uncached_tokens", "input_text_tokens", "output_text_tokens", "input_cached_text_tokens"),
    *("input_audio_tokens", "input_cached_audio_tokens", "output_audio_tokens"),
    *("input_image_tokens", "input_cached_image_tokens", "output_image_tokens"),
)
SUPPORT = ("proj_demo_support", "user-demo-support", "key_demo_support")
RESEARCH = ("proj_demo_research", "user-demo-research", "key_demo_research")
DRAFTING = ("proj_demo_drafting", "user-demo-drafting", "key_demo_drafting")


@dataclass(frozen=True)
class DayOfStream:
    """What one use of a model comes to on a day; `cached` is part of `sent`."""

    requests: int
    sent: int
    cached: int
    output: int


@dataclass(frozen=True)
class Stream:
    """One use of one model: requests of a first weekday, mean tokens of a request, cached share of the input."""

    owner: tuple[str, str, str]
    model: str
    requests: int
    input_tokens: int
    output_tokens: int
    cached_share: float
    is_batch: bool = False

    def day_of(self, rng: Random, level: float) -> DayOfStream:
        """One day at a level of usage, as `level_of` has it."""
        requests = max(1, round(self.requests * level * rng.uniform(0.85, 1.15)))
        sent = round(requests * self.input_tokens * rng.uniform(0.9, 1.1))
        cached = round(sent * self.cached_share * rng.uniform(0.8, 1.2))
        return DayOfStream(requests, sent, cached, round(requests * self.output_tokens * rng.uniform(0.9, 1.1)))


STREAMS = (
    Stream(SUPPORT, "gpt-5.6-luna", 16_000, 2_600, 380, 0.45),
    Stream(SUPPORT, "gpt-5-mini-2025-08-07", 9_000, 1_800, 260, 0.30),
    Stream(SUPPORT, "o4-mini-2025-04-16", 5_000, 2_400, 420, 0.20),
    Stream(RESEARCH, "gpt-5.6-sol", 3_600, 6_500, 800, 0.40),
    Stream(RESEARCH, "gpt-5.6-luna", 4_000, 4_200, 500, 0.35),
    # The batch price of cached input is on no recorded page for this model, so its batches read nothing from a cache.
    Stream(RESEARCH, "gpt-5.6-luna", 6_000, 2_200, 300, 0.0, is_batch=True),
    # Enough of a dear model for own machines to pay, at lengths at which throughput was measured. Prompts this short
    # are not cached.
    Stream(DRAFTING, "gpt-5.5", 5_800, 1_000, 1_000, 0.0),
)

OPUS_RETIRES = date(2026, 8, 5)
MAIN_MODEL, SMALL_MODEL, RETIRING_MODEL = "claude-sonnet-4-6", "claude-haiku-4-5-20251001", "claude-opus-4-1-20250805"
UNKNOWN_MODEL = "claude-nonexistent-9"
UNKNOWN_ON, CUT_OFF_ON = date(2026, 9, 16), date(2026, 9, 18)


def write_sample_usage(folder: Path, until: date = LAST_DAY + timedelta(days=1)) -> list[Path]:
    """Write both files into `folder`, made if it is missing, and return their paths: OpenAI's, then Claude Code's.

    They hold the days before `until`: an export that is taken again later begins with the same lines.
    """
    folder.mkdir(parents=True, exist_ok=True)
    one, other = Random(SEED), Random(SEED + 1)  # noqa: S311 - repeatable on purpose, and nothing is secret
    texts = {OPENAI_FILE: _openai_export(one, until), CLAUDE_FILE: _claude_log(other, until)}
    for name, text in texts.items():
        (folder / name).write_bytes(text.encode())
    return [folder / name for name in texts]


def days_until(until: date) -> list[date]:
    """The days of the sample before one."""
    return [FIRST_DAY + timedelta(days=number) for number in range((until - FIRST_DAY).days)]


def level_of(day: date) -> float:
    """Usage of a day as a share of the first weekday's."""
    grown = 1 + GROWTH * (day - FIRST_DAY).days / (LAST_DAY - FIRST_DAY).days
    return grown * (WEEKEND if day.weekday() >= 5 else 1)


def _openai_export(rng: Random, until: date) -> str:
    lines = ["\t".join(COLUMNS)]
    for day in days_until(until):
        start, end = (datetime.combine(on, time(), UTC) for on in (day, day + timedelta(days=1)))
        times = [*(str(int(at.timestamp())) for at in (start, end)), start.isoformat(), end.isoformat()]
        if day == DAY_WITHOUT_USAGE:
            lines.append("\t".join([*times, *[""] * (len(COLUMNS) - len(times))]))
            continue
        lines += ["\t".join([*times, *_bucket(rng, stream, level_of(day))]) for stream in STREAMS]
    return "\n".join(lines) + "\n"


def _bucket(rng: Random, stream: Stream, level: float) -> list[str]:
    """The cells of one bucket after its times. Counts are printed as the export does: 10.0."""
    day = stream.day_of(rng, level)
    fresh = day.sent - day.cached
    project, user, key = stream.owner
    batch = "TRUE" if stream.is_batch else "FALSE"
    counts = [day.sent, day.output, day.cached, fresh, fresh, day.output, day.cached, *[0] * 6]
    told = [project, f"{day.requests}.0", user, key, stream.model, batch, "default"]
    return [*told, *(f"{count}.0" for count in counts)]


def _claude_log(rng: Random, until: date) -> str:
    lines: list[str] = []
    for day in days_until(until):
        if day.weekday() >= 5:
            continue
        session = _hex(rng, 32)
        at = datetime.combine(day, time(8, 30), UTC)
        for _ in range(rng.randint(10, 20)):
            at += timedelta(seconds=rng.randint(300, 1_500))
            lines += _response(rng, session, at, _model(rng, day))
        if day == UNKNOWN_ON:
            lines.append(_response(rng, session, at + timedelta(minutes=5), UNKNOWN_MODEL)[-1])
        if day == CUT_OFF_ON:
            lines.append(_response(rng, session, at + timedelta(minutes=5), MAIN_MODEL)[-1][:150])
    return "\n".join(lines) + "\n"


def _hex(rng: Random, digits: int) -> str:
    return f"{rng.getrandbits(4 * digits):0{digits}x}"


def _model(rng: Random, day: date) -> str:
    """Sonnet mostly. Opus 4.1 is used until it is retired, Sonnet takes its place."""
    (model,) = rng.choices([MAIN_MODEL, SMALL_MODEL, RETIRING_MODEL], [6, 2, 2])
    return MAIN_MODEL if model == RETIRING_MODEL and day >= OPUS_RETIRES else model


def _response(rng: Random, session: str, at: datetime, model: str) -> list[str]:
    """One to three lines of one response, as written while it streams: all alike but for time and output so far."""
    identity = {"message": f"msg_{_hex(rng, 24)}", "request": f"req_{_hex(rng, 24)}"}
    output = rng.randint(400, 2_400)
    usage = _usage(rng)
    parts = rng.choice([1, 1, 2, 3])
    lines = []
    for part in range(1, parts + 1):
        entry = {
            "type": "assistant",
            "timestamp": (at + timedelta(seconds=3 * part)).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "sessionId": session,
            "requestId": identity["request"],
            "uuid": _hex(rng, 32),
            "cwd": "/home/demo/price-service",
            "version": "2.0.14",
            "message": {
                "id": identity["message"],
                "role": "assistant",
                "model": model,
                "stop_reason": "end_turn" if part == parts else None,
                "usage": {**usage, "output_tokens": output * part // parts},
            },
        }
        lines.append(json.dumps(entry, separators=(",", ":")))
    return lines


def _usage(rng: Random) -> dict[str, Any]:
    """Input of one request: most of it read from the cache, some of it written for 5 minutes or for 1 hour."""
    five_minutes = rng.randint(1_500, 9_000)
    one_hour = rng.choice([0, 0, 0, rng.randint(4_000, 12_000)])
    usage: dict[str, Any] = {
        "input_tokens": rng.randint(4, 1_800),
        "cache_creation_input_tokens": five_minutes + one_hour,
        "cache_read_input_tokens": rng.randint(20_000, 110_000),
        "cache_creation": {"ephemeral_5m_input_tokens": five_minutes, "ephemeral_1h_input_tokens": one_hour},
        "service_tier": "standard",
    }
    searches = rng.choice([0] * 39 + [2])
    return usage | {"server_tool_use": {"web_search_requests": searches}} if searches else usage
