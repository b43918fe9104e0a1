"""A seeded set of Claude Code session logs with its true totals: the data of the import benchmark.

Lines have the fields, the size and the habits of real logs: one response as one to three lines whose output grows,
long user and tool-result lines, text that itself looks like usage, and resumed sessions that begin with a copy of
another. JSON is compact, because ccusage 20.0.24 reports 0 for JSON with a space after the colon.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

FILES, LINES = 400, 500_000
SEED = 20261125
FIRST_DAY, DAYS = datetime(2026, 9, 1), 60
PROJECTS = 24
MODELS = ("claude-sonnet-4-5-20250929", "claude-opus-4-5-20251101", "claude-haiku-4-5-20251001")
MODEL_WEIGHTS = ((8, 1, 1), (2, 7, 1), (5, 0, 5))
"""Of the three kinds of session."""
LINES_PER_RESPONSE, LINE_WEIGHTS = (1, 2, 3), (45, 35, 20)
SHARE_WITH_USER_LINE = 0.335
"""Of the responses; with 1.75 lines per response a sixth of all lines are of users and tools."""
ONE_HOUR_CACHES = 0.1
"""Share of the sessions that write to the cache for an hour, as those of subscribers do."""
RESUMED_EVERY, COPIED_LINES = 20, 120
WORDS = (
    *("the", "build", "fails", "because", "parse()", "returns", "None", "here;", "see", "and", "regex", "done."),
    *("src/app/main.py:42", '"quoted"', "text\n\tindented", "'code'", "\\d+", "C:\\temp\\x"),
    *("Größe", "naïve", "日本語", "🙂", '{"usage":{"input_tokens":999999,"output_tokens":999999}}'),
)
"""Escapes, several scripts, and text that looks like usage: what a reader may stumble over."""


@dataclass
class Truth:
    """What a correct reader finds: each response once, at its last line."""

    lines: int = 0
    assistant_lines: int = 0
    responses: int = 0
    bytes: int = 0
    tokens: Counter[str] = field(default_factory=Counter)
    tokens_by_model: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, model: str, usage: dict[str, Any]) -> None:
        """Count one response."""
        counts = {
            "input": usage["input_tokens"],
            "cache_read": usage["cache_read_input_tokens"],
            "cache_write": usage["cache_creation_input_tokens"],
            "output": usage["output_tokens"],
        }
        self.responses += 1
        self.tokens.update(counts)
        self.tokens_by_model.setdefault(model, Counter()).update(counts)


@dataclass
class Session:
    """One session: who writes, and when the next line falls."""

    rng: Random
    text: str
    number: int
    at: datetime
    session_id: str
    cwd: str
    model_weights: tuple[int, int, int]
    has_one_hour_cache: bool
    context_tokens: int = 12_000

    def line(self, kind: str, **fields: Any) -> dict[str, Any]:
        """The fields that every line has."""
        self.at += timedelta(milliseconds=self.rng.randint(400, 9_000))
        return {
            "parentUuid": _uuid(self.rng),
            "isSidechain": False,
            "cwd": self.cwd,
            "sessionId": self.session_id,
            "version": "2.1.14",
            "type": kind,
            **fields,
            "uuid": _uuid(self.rng),
            "timestamp": self.at.isoformat(timespec="milliseconds") + "Z",
        }

    def excerpt(self, mean: int) -> str:
        """Some text of about this many characters, sometimes much more."""
        size = min(int(self.rng.expovariate(1 / mean)), 40 * mean)
        start = self.rng.randrange(len(self.text) - size)
        return self.text[start : start + size]


def write_logs(folder: Path, files: int = FILES, lines: int = LINES, seed: int = SEED) -> Truth:
    """Write `lines` lines in `files` sessions to `folder`/projects and their totals to `folder`/truth.json."""
    rng = Random(seed)  # noqa: S311 - repeatable on purpose, and nothing is secret
    text = " ".join(rng.choice(WORDS) for _ in range(200_000))
    truth = Truth()
    copied: list[dict[str, Any]] = []
    for number in range(files):
        wanted = lines // files + (number < lines % files)
        session = _session(rng, text, number, files)
        entries = [dict(entry, sessionId=session.session_id) for entry in copied] if _is_resumed(number) else []
        own = _entries(session, wanted - len(entries), truth)
        entries += own
        copied = own[: min(COPIED_LINES, wanted // 4)]
        _write(folder, session, entries, truth)
    (folder / "truth.json").write_text(json.dumps(vars(truth), indent=1))
    return truth


def _is_resumed(number: int) -> bool:
    return number % RESUMED_EVERY == RESUMED_EVERY - 1


def _session(rng: Random, text: str, number: int, files: int) -> Session:
    at = FIRST_DAY + timedelta(days=number * DAYS // files, minutes=rng.randint(7 * 60, 23 * 60))
    project = min(int(rng.paretovariate(0.8)) - 1, PROJECTS - 1)
    weights = MODEL_WEIGHTS[rng.randrange(len(MODEL_WEIGHTS))]
    is_long = rng.random() < ONE_HOUR_CACHES
    return Session(rng, text, number, at, _uuid(rng), f"/home/dev/code/project-{project:02}", weights, is_long)


def _entries(session: Session, wanted: int, truth: Truth) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    while len(entries) < wanted:
        if session.rng.random() < SHARE_WITH_USER_LINE or len(entries) == 0:
            entries.append(_user_line(session))
        entries += list(_response(session, truth, wanted - len(entries)))
    return entries


def _user_line(session: Session) -> dict[str, Any]:
    if session.rng.random() < 0.25:
        return session.line("user", message={"role": "user", "content": session.excerpt(150)})
    result = session.excerpt(130)
    content = [{"tool_use_id": f"toolu_{_hex(session.rng, 24)}", "type": "tool_result", "content": result}]
    return session.line("user", message={"role": "user", "content": content}, toolUseResult={"stdout": result})


def _response(session: Session, truth: Truth, room: int) -> Iterator[dict[str, Any]]:
    """The lines of one response, as many as there is room for: all alike but for time, content and output so far."""
    rng = session.rng
    if room < 1:
        return
    (model,) = rng.choices(MODELS, session.model_weights)
    parts = min(rng.choices(LINES_PER_RESPONSE, LINE_WEIGHTS)[0], room)
    usage, request = _usage(session), f"req_{_hex(rng, 24)}"
    message = {"id": f"msg_{_hex(rng, 24)}", "type": "message", "role": "assistant", "model": model}
    for part in range(1, parts + 1):
        is_last = part == parts
        content = [{"type": "text", "text": session.excerpt(35)}]
        output = usage["output_tokens"] if is_last else min(rng.randint(1, 9) * part, usage["output_tokens"])
        said = {"content": content, "stop_reason": "end_turn" if is_last else None}
        yield session.line(
            "assistant", message={**message, **said, "usage": {**usage, "output_tokens": output}}, requestId=request
        )
    truth.add(model, usage)


def _usage(session: Session) -> dict[str, Any]:
    """The cache holds the conversation so far; it grows until it is compacted. Prompts stay below 200,000 tokens."""
    rng = session.rng
    written = min(int(rng.expovariate(1 / 1_500)), 20_000)
    read = session.context_tokens
    session.context_tokens = read + written if read + written < 160_000 else 15_000
    split = (0, written) if session.has_one_hour_cache else (written, 0)
    return {
        "input_tokens": rng.randint(1, 12) if rng.random() < 0.9 else rng.randint(100, 6_000),
        "cache_creation_input_tokens": written,
        "cache_read_input_tokens": read,
        "cache_creation": {"ephemeral_5m_input_tokens": split[0], "ephemeral_1h_input_tokens": split[1]},
        "output_tokens": 30 + min(int(rng.expovariate(1 / 350)), 16_000),
        "service_tier": "standard",
    }


def _write(folder: Path, session: Session, entries: list[dict[str, Any]], truth: Truth) -> None:
    text = "".join(json.dumps(entry, separators=(",", ":"), ensure_ascii=False) + "\n" for entry in entries)
    content = text.encode()
    file = folder / "projects" / session.cwd.replace("/", "-") / f"{session.session_id}.jsonl"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    truth.bytes += len(content)
    truth.lines += len(entries)
    truth.assistant_lines += sum(entry["type"] == "assistant" for entry in entries)


def _hex(rng: Random, digits: int) -> str:
    return f"{rng.getrandbits(4 * digits):0{digits}x}"


def _uuid(rng: Random) -> str:
    digits = _hex(rng, 32)
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
