"""One more day of usage, and a run with nothing new: after 30 days of ledger and after 3 years of it."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median

from benchmarks.measuring import ROOT, Command, MeasuringError, Run, alternate, figures, measure, work
from benchmarks.result import Result, Target, failed
from benchmarks.settings import Settings

SHORT, LONG = 30, 1_095
LAST_DAY = datetime(2026, 11, 24)
ROWS_PER_DAY = 2_000
DAYS_PER_FILE = 30
SEED = 20261125
MODELS = ("claude-sonnet-4-5-20250929", "claude-opus-4-5-20251101", "claude-haiku-4-5-20251001")
PROJECTS = 12
TARGET = Target(ratio=1.2)
PHASES = ("import", "days_to_build", "pricing", "marts_by_date", "whole_tables")


def growth(settings: Settings, advance: Callable[[str], None]) -> Iterator[Result]:
    """The steps that `costs run` calls: import, days to build, pricing, marts; without fetching and publishing."""
    folder = settings.data / f"growth_{_code_version()}"
    as_of = f"{LAST_DAY + timedelta(days=1):%Y-%m-%d}T23:00:00"
    next_day = folder / "next_day.jsonl"
    _write_log(next_day, LAST_DAY + timedelta(days=1), 1)
    try:
        for days in (LONG, SHORT):
            advance(f"building {days} days")
            _build(folder, days, next_day, as_of)
        commands = {
            f"{kind} {days}": _once(folder / f"{kind}_{days}", folder / "scratch", next_day, as_of)
            for kind in ("before", "after")
            for days in (LONG, SHORT)
        }
        runs = alternate(commands, settings.runs, advance)
    except MeasuringError as error:
        yield failed("growth", TARGET, str(error))
        return
    for name, kind, new in (("one_more_day", "before", ROWS_PER_DAY), ("nothing_new", "after", 0)):
        both = [runs[f"{kind} {days}"] for days in (LONG, SHORT)]
        ours, theirs = (figures(side) for side in both)
        is_equal = all(run.found["rows_new"] == new for side in both for run in side)
        details = {
            "compared": "3 years of ledger with 30 days",
            "cpu_ratio": round(ours["cpu_seconds"] / theirs["cpu_seconds"], 3),
            "phases": {phase: [_median(side, f"{phase}_seconds") for side in both] for phase in PHASES},
            "days_due": both[0][0].found["days_due"],
        }
        yield Result(name, ours["seconds"] / theirs["seconds"], TARGET, ours, theirs, is_equal, details)


def _median(runs: Sequence[Run], name: str) -> float:
    return float(round(median(run.found[name] for run in runs), 3))


def _once(warehouse: Path, scratch: Path, next_day: Path, as_of: str) -> Command:
    def copy() -> None:
        shutil.rmtree(scratch, ignore_errors=True)
        shutil.copytree(warehouse, scratch)

    return Command(work("one_more", scratch, next_day, as_of).arguments, prepare=copy)


def _build(folder: Path, days: int, next_day: Path, as_of: str) -> None:
    """The warehouse before and after one more day, once for each version of the program."""
    before, after = folder / f"before_{days}", folder / f"after_{days}"
    if after.exists():
        return
    making, logs = folder / "making", folder / f"logs_{days}"
    for place in (making, before, logs):
        shutil.rmtree(place, ignore_errors=True)
    logs.mkdir(parents=True)
    for start in range(0, days, DAYS_PER_FILE):
        count = min(DAYS_PER_FILE, days - start)
        first = LAST_DAY - timedelta(days=days - 1 - start)
        _write_log(logs / f"{start:04}.jsonl", first, count)
    built_at = f"{LAST_DAY:%Y-%m-%d}T23:00:00"
    measure(work("seed", making, built_at))
    measure(work("build", making, logs, built_at))
    making.replace(before)
    shutil.copytree(before, making)
    measure(work("one_more", making, next_day, as_of))
    making.replace(after)
    shutil.rmtree(logs)


def _write_log(file: Path, first: datetime, days: int) -> None:
    """A Claude Code log of some days, one line for each response."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as log:
        for offset in range(days):
            day = first + timedelta(days=offset)
            rng = Random(SEED + day.toordinal())  # noqa: S311 - repeatable on purpose, and nothing is secret
            for number in range(ROWS_PER_DAY):
                at = day + timedelta(milliseconds=number * 86_400_000 // ROWS_PER_DAY)
                log.write(json.dumps(_response(rng, at), separators=(",", ":")) + "\n")


def _response(rng: Random, at: datetime) -> dict[str, object]:
    usage = {
        "input_tokens": rng.randint(1, 4_000),
        "cache_creation_input_tokens": rng.randint(0, 8_000),
        "cache_read_input_tokens": rng.randint(0, 90_000),
        "output_tokens": rng.randint(30, 2_500),
    }
    project = min(int(rng.paretovariate(0.8)) - 1, PROJECTS - 1)
    return {
        "type": "assistant",
        "timestamp": at.isoformat(timespec="milliseconds") + "Z",
        "sessionId": f"session-{at:%Y%m%d}-{project}",
        "cwd": f"/home/dev/code/project-{project:02}",
        "requestId": f"req_{rng.getrandbits(96):024x}",
        "message": {"id": f"msg_{rng.getrandbits(96):024x}", "model": rng.choice(MODELS), "usage": usage},
    }


def _code_version() -> str:
    """Hash of the program and of this file: a warehouse is built anew when either changes."""
    files = [*ROOT.glob("pipelines/**/*.py"), *ROOT.glob("sql/**/*.sql"), Path(__file__)]
    return hashlib.sha256(b"\x1f".join(file.read_bytes() for file in sorted(files))).hexdigest()[:12]
