"""Recorded load of real services, as researchers publish it: a file -> calls, tokens, peak, and what a cache would hit.

Three kinds, told apart by their columns: Mooncake (JSON lines with ids of prompt blocks), Azure LLM inference (CSV of
requests), ServeGen (CSV of rates, which has no tokens). A trace names no model and no price.
"""

import csv
import json
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

from pipelines.decisions.scenario import TEXT_METERS, Scenario
from pipelines.decisions.workload import Part, Workload
from pipelines.models.user_csv import UserFileError

BLOCK_TOKENS = 512
"""Tokens of a prompt block in traces of Mooncake; the last block of a prompt holds what is left."""
MINUTE, HOUR, DAY = 60, 3600, 86_400
DAYS_PER_MONTH = 30
_AZURE = ["TIMESTAMP", "ContextTokens", "GeneratedTokens"]
_SERVEGEN = ["second", "requests_per_second", "clients"]


@dataclass(frozen=True)
class Trace:
    """A recorded load. Tokens are None in traces of rates; `cache_read_tokens` too where no blocks are recorded.

    `cache_read_tokens`: what a prefix cache without limits would have read. `peak_over_mean`: the busiest minute of the
    clock over the mean of those that have calls; of hours in traces of rates. `seconds`: from the first call to the
    last, both ends included. `sizes`: input, output and cache read tokens of each call.
    """

    name: str
    calls: Fraction
    seconds: int
    input_tokens: int | None
    output_tokens: int | None
    cache_read_tokens: int | None
    peak_over_mean: Fraction
    peak_of: str
    sizes: tuple[tuple[int, int, int], ...] = ()


def read_trace(path: Path) -> Trace:
    """A trace of any of the three kinds. Raises UserFileError with file, line and remedy."""
    if not path.is_file():
        raise UserFileError(f"{path} is no file; name a trace of Mooncake (.jsonl), Azure or ServeGen (.csv)")
    if path.suffix == ".jsonl":
        return _of_calls(path.stem, list(_mooncake(path)))
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file)
        header = next(rows, [])
        if header == _AZURE:
            return _of_calls(path.stem, list(_azure(path, rows)))
        if header == _SERVEGEN:
            return _of_rates(path.stem, [(int(row[0]), Fraction(row[1])) for row in rows if row])
    raise UserFileError(f"{path} line 1: no known trace; its header is {','.join(_AZURE)} or {','.join(_SERVEGEN)}")


def workload_of_trace(trace: Trace, model: str | None = None) -> Workload:
    """A month at the load of the trace. Raises ValueError for a trace of rates, which has no tokens."""
    if trace.input_tokens is None or trace.output_tokens is None:
        raise ValueError(f"{trace.name} records rates, not tokens; take its peak_over_mean into a scenario")
    scale = Fraction(DAY * DAYS_PER_MONTH, trace.seconds)
    read = trace.cache_read_tokens or 0
    tokens = dict.fromkeys(TEXT_METERS, Fraction(0)) | {
        "input_uncached": (trace.input_tokens - read) * scale,
        "cache_read": read * scale,
        "output": trace.output_tokens * scale,
    }
    return Workload(
        name=trace.name,
        basis="scenario",
        provider=None,
        model=model,
        channel="api",
        region="global",
        service_tier="standard",
        days_per_month=DAYS_PER_MONTH,
        calls_per_month=trace.calls * scale,
        tokens_per_month=tokens,
        reasoning_tokens_per_month=None,
        peak_over_mean=None,
        tokens_per_second_per_user=Scenario.tokens_per_second_per_user,
        first_token_seconds=Scenario.first_token_seconds,
        parts=partial(_parts, trace),
        notes=(f"{trace.seconds:,} seconds of recorded load, as if every hour of the month were like them",),
    )


def _parts(trace: Trace, edges: Sequence[int]) -> list[Part]:
    """The tokens of a month by the size of the prompts, between some edges."""
    scale = Fraction(DAY * DAYS_PER_MONTH, trace.seconds)
    by_edge: dict[int, list[int]] = {}
    for tokens in trace.sizes:
        reached = bisect_right(edges, tokens[0])
        sums = by_edge.setdefault(edges[reached - 1] if reached else 0, [0, 0, 0])
        sums[:] = [before + more for before, more in zip(sums, tokens, strict=True)]
    return [
        Part(edge, {"input_uncached": (sent - read) * scale, "cache_read": read * scale, "output": answered * scale})
        for edge, (sent, answered, read) in sorted(by_edge.items())
    ]


_Call = tuple[float, int, int, tuple[int, ...] | None]
"""Second, tokens in and out, ids of the blocks of the prompt."""


def _mooncake(path: Path) -> Iterator[_Call]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            row: Mapping[str, Any] = json.loads(line)
            blocks = tuple(int(one) for one in row["hash_ids"])
            yield int(row["timestamp"]) / 1000, int(row["input_length"]), int(row["output_length"]), blocks
        except (ValueError, KeyError, TypeError) as error:
            keys = "timestamp, input_length, output_length, hash_ids"
            raise UserFileError(f"{path} line {number}: no call of a trace ({error}); write {keys} as JSON") from error


def _azure(path: Path, rows: Iterator[list[str]]) -> Iterator[_Call]:
    for number, row in enumerate(rows, 2):
        try:
            # Seven decimals, of which Python reads six.
            at = datetime.fromisoformat(row[0][:26])
            yield (at - datetime(2000, 1, 1)).total_seconds(), int(row[1]), int(row[2]), None
        except (ValueError, IndexError) as error:
            raise UserFileError(f"{path} line {number}: no call of a trace ({error})") from error


def _of_calls(name: str, calls: list[_Call]) -> Trace:
    if not calls:
        raise UserFileError(f"{name} holds no calls")
    first = min(call[0] for call in calls)
    seconds = int(max(call[0] for call in calls) - first) + 1
    by_minute: dict[int, int] = {}
    for at, *_ in calls:
        minute = int(at // MINUTE)
        by_minute[minute] = by_minute.get(minute, 0) + 1
    has_blocks = all(call[3] is not None for call in calls)
    reads = _cache_reads(calls)
    return Trace(
        name=name,
        calls=Fraction(len(calls)),
        seconds=seconds,
        input_tokens=sum(call[1] for call in calls),
        output_tokens=sum(call[2] for call in calls),
        cache_read_tokens=sum(reads) if has_blocks else None,
        peak_over_mean=Fraction(max(by_minute.values()) * len(by_minute), len(calls)),
        peak_of="minute",
        sizes=tuple((call[1], call[2], read) for call, read in zip(calls, reads, strict=True)),
    )


def _cache_reads(calls: list[_Call]) -> list[int]:
    """By call, tokens at the head of the prompt whose blocks an earlier call had sent; the cache forgets nothing."""
    seen: set[int] = set()
    reads = []
    for _, tokens, _, blocks in calls:
        known = 0
        for block in blocks or ():
            if block not in seen:
                break
            known += 1
        reads.append(min(tokens, known * BLOCK_TOKENS))
        seen.update(blocks or ())
    return reads


def _of_rates(name: str, rates: list[tuple[int, Fraction]]) -> Trace:
    """Rates of equal stretches; the peak is that of an hour of the clock."""
    if len(rates) < 2:
        raise UserFileError(f"{name} holds no rates")
    step = rates[1][0] - rates[0][0]
    by_hour: dict[int, list[Fraction]] = {}
    for second, rate in rates:
        by_hour.setdefault(second // HOUR, []).append(rate)
    total = sum((rate for _, rate in rates), Fraction(0))
    busiest = max(sum(one, Fraction(0)) / len(one) for one in by_hour.values())
    return Trace(name, total * step, len(rates) * step, None, None, None, busiest * len(rates) / total, "hour")
