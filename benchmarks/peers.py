"""Rows priced per CPU second, held against the libraries that price one request at a time, on the same usage.

Real models, one date and the standard tier, because the peers know only today's list prices. Each row of a sample is
also compared with theirs, and each difference counted under its cause.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.measuring import Command, MeasuringError, Run, alternate, figures, measure, work
from benchmarks.result import Result, Target, failed
from benchmarks.settings import FOLDER, PEERS_PYTHON, Settings

ROWS, SAMPLE_ROWS = 10_000_000, 20_000
TARGETS = {
    "genai_prices": Target(ratio=500, at_least=True),
    "litellm_cost_per_token": Target(ratio=500, at_least=True),
    "litellm_completion_cost": Target(ratio=500, at_least=True),
    "tokencost": Target(ratio=20, at_least=True),
}
EQUAL_WITHIN = 1e-9
"""Of the cost: the peers count in binary fractions."""
LONG_PROMPT = 200_000


@dataclass(frozen=True)
class Priced:
    """One row of the sample with both costs; `theirs` is None where the peer has no price."""

    provider: str
    model: str
    prompt: int
    cache_read: int
    cache_written: int
    ours: float
    theirs: float | None

    @property
    def is_equal(self) -> bool:
        """To within binary fractions."""
        return self.theirs is not None and abs(self.ours - self.theirs) <= EQUAL_WITHIN * max(abs(self.ours), 1e-3)


OFFLINE = {"LITELLM_LOCAL_MODEL_COST_MAP": "True"}
"""LiteLLM prices with the file that it ships, and asks nobody for a newer one."""

CAUSES: Mapping[str, Sequence[tuple[str, Callable[[Priced], bool]]]] = {
    "genai_prices": [
        (
            "keeps the surcharge above 200,000 tokens, which Anthropic's page of 2026-04-26 no longer prints",
            lambda row: row.model == "claude-sonnet-4-5" and row.prompt > LONG_PROMPT,
        ),
    ],
    "tokencost": [
        ("does not know the model: its prices are of 2025-08", lambda row: row.theirs is None),
        ("has no price of cache writes, counted here as input", lambda row: row.cache_written > 0),
        ("has no prices by prompt length", lambda row: row.model == "gemini-2.5-pro" and row.prompt > LONG_PROMPT),
        (
            "keeps Gemini's cache reads at a quarter of the input price; they cost a tenth",
            lambda row: row.provider == "google" and row.cache_read > 0,
        ),
    ],
}
"""Why a peer's cost differs, the first that fits; checked by hand against its price file and the price history."""


def rows_per_cpu_second(settings: Settings, advance: Callable[[str], None]) -> Iterator[Result]:
    """Ours with the scan, by day, model and project; theirs without building their arguments."""
    advance("making the usage")
    folder = settings.data / "real_models"
    commands = {"ours": work("price", folder)}
    for peer in TARGETS:
        arguments: list[str | Path] = [
            PEERS_PYTHON,
            FOLDER / "peer_work.py",
            peer,
            folder / "sample.json",
            folder / f"{peer}.json",
        ]
        commands[peer] = Command(arguments, OFFLINE)
    try:
        measure(work("make_ledger", folder, 1, ROWS, "real"))
        measure(work("real_segments", folder))
        measure(work("sample", folder, SAMPLE_ROWS))
        runs = alternate(commands, settings.runs, advance)
    except MeasuringError as error:
        yield failed("rows_per_cpu_second", Target(), str(error))
        return
    ours = _with_rate(runs["ours"], ROWS)
    for peer, target in TARGETS.items():
        theirs = _with_rate(runs[peer], SAMPLE_ROWS)
        ratio = ours["rows_per_cpu_second"] / theirs["rows_per_cpu_second"]
        differences = compared(_both(folder, peer), CAUSES.get(peer, []))
        is_equal = not differences["unexplained"]
        yield Result(f"rows_per_cpu_second_{peer}", ratio, target, ours, theirs, is_equal, differences)


def _with_rate(runs: Sequence[Run], rows: int) -> dict[str, Any]:
    shown = figures(runs)
    rate = median(run.found.get("rows", rows) / run.cpu_seconds for run in runs)
    return {"rows": rows, "rows_per_cpu_second": round(rate), **shown}


def _both(folder: Path, peer: str) -> list[Priced]:
    rows = json.loads((folder / "sample.json").read_text())
    ours = json.loads((folder / "sample_usd.json").read_text())
    theirs = json.loads((folder / f"{peer}.json").read_text())
    return [
        Priced(provider, model, fresh + read + five + hour, read, five + hour, float(one), other)
        for (provider, model, fresh, read, five, hour, _), one, other in zip(rows, ours, theirs, strict=True)
    ]


def compared(rows: Sequence[Priced], causes: Sequence[tuple[str, Callable[[Priced], bool]]]) -> dict[str, Any]:
    """Totals of the rows that are equal, and for each cause the rows that differ by it, with both totals."""
    groups: dict[str, list[Priced]] = {"equal": []}
    unexplained: list[Priced] = []
    for row in rows:
        if row.is_equal:
            groups["equal"].append(row)
            continue
        cause = next((text for text, fits in causes if fits(row)), None)
        if cause is None:
            unexplained.append(row)
        else:
            groups.setdefault(cause, []).append(row)
    equal = _totals(groups.pop("equal"))
    return {
        "equal": equal,
        "differences": {cause: _totals(group) for cause, group in groups.items()},
        "unexplained": [vars(row) for row in unexplained[:5]],
    }


def _totals(rows: Sequence[Priced]) -> dict[str, float]:
    theirs = sum(row.theirs or 0.0 for row in rows)
    return {"rows": len(rows), "usd_ours": round(sum(row.ours for row in rows), 6), "usd_theirs": round(theirs, 6)}
