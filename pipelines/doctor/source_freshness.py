"""How each source stands by what was last published: its age, and the failures since it was last read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb

from pipelines.doctor.finding import Finding
from pipelines.sources.catalog import SOURCES
from pipelines.sources.source import Source

STALE_AFTER = timedelta(days=3)
"""As the table source_health has it."""
MAX_REASON = 300
ASK = "`costs run` asks them now; `make ui`, left running, asks them daily"
KEPT = "its last good version stays in force"

_STATE = """
WITH attempt AS (
    SELECT asked.source, asked.fetched_at, coalesce(parsed.outcome = 'promoted', false) AS is_success,
           coalesce(asked.error, parsed.reason, 'fetched but not read yet') AS reason
    FROM raw."fetch" AS asked LEFT JOIN raw.parse AS parsed USING (fetch_id)
    WHERE asked.origin <> 'shipped'
),
success AS (SELECT source, max(fetched_at) AS read_at FROM attempt WHERE is_success GROUP BY source)
SELECT attempt.source, any_value(read_at),
       count(*) FILTER (read_at IS NULL OR fetched_at > read_at),
       arg_max(reason, fetched_at) FILTER (read_at IS NULL OR fetched_at > read_at)
FROM attempt LEFT JOIN success USING (source) GROUP BY attempt.source
"""


def look_at_sources(
    connection: duckdb.DuckDBPyConnection, now: datetime, environ: Mapping[str, str]
) -> Iterator[Finding]:
    """Sources that can be asked: one finding for each that fails or is well, one for all that were not read lately."""
    found = {source: rest for source, *rest in connection.execute(_STATE).fetchall()}
    states = [State(source, *found.get(source.key, (None, 0, None))) for source in SOURCES if source.is_asked(environ)]
    yield from source_findings(states, now)


@dataclass(frozen=True)
class State:
    """How a source stands; `read_at` is naive UTC."""

    source: Source
    read_at: datetime | None
    """When it was last read and believed."""
    failures: int
    """Attempts since then."""
    reason: str | None
    """Why the last of these failed."""


def source_findings(states: Sequence[State], now: datetime) -> Iterator[Finding]:
    """What there is to say of sources at a moment (naive UTC)."""
    never, stale = [], []
    for state in states:
        key = state.source.key
        age = "never read" if state.read_at is None else f"read {_age(now - state.read_at)} ago"
        if state.failures:
            said = f"{age}, failed {state.failures} times since: {(state.reason or '')[:MAX_REASON]}"
            yield Finding("sources", key, said, KEPT + f"; see what has changed at {state.source.urls[0]}")
        elif state.read_at is None:
            never.append(key)
        elif now - state.read_at > STALE_AFTER:
            stale.append(f"{key} {_age(now - state.read_at)}")
        else:
            yield Finding("sources", key, age)
    if never:
        yield Finding("sources", "never read", f"{len(never)}: {', '.join(never)}", ASK)
    if stale:
        yield Finding("sources", "not read lately", f"{len(stale)}: {', '.join(stale)}", ASK)


def _age(age: timedelta) -> str:
    hours = age.total_seconds() / 3600
    return f"{hours:.0f} h" if hours < 72 else f"{hours / 24:.0f} days"
