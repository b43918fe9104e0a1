"""Measure a command as a process of its own: seconds, CPU seconds of all its threads, peak memory; medians of runs.

A measured program may also say what it found: its standard output, or the last line of it, as JSON.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

GIB = 1 << 30
ENDED_AT_GIB = 14
"""A program that takes more is ended, so that a benchmark cannot take the machine down."""
ROOT = Path(__file__).resolve().parent.parent


class MeasuringError(RuntimeError):
    """A measured program failed or took too much memory; the message says which and why."""


@dataclass(frozen=True)
class Command:
    """What to run, and with which environment beside the usual one."""

    arguments: Sequence[str | Path]
    environment: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[[], None] = lambda: None
    """Called before each run, outside of the measurement."""


@dataclass(frozen=True)
class Run:
    """One run. `found` is what the program said; seconds and CPU seconds that it names there go before the whole's."""

    seconds: float
    cpu_seconds: float
    peak_gib: float
    found: Mapping[str, Any]


def work(name: str, *arguments: object) -> Command:
    """A task of benchmarks.work in this environment."""
    return Command([sys.executable, "-m", "benchmarks.work", name, *(str(argument) for argument in arguments)])


def measure(command: Command) -> Run:
    """Run once. Raises MeasuringError when the program fails or is ended for its memory."""
    command.prepare()
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        process = subprocess.Popen(
            [str(argument) for argument in command.arguments],
            stdout=output,
            stderr=errors,
            cwd=ROOT,
            env={**os.environ, **command.environment},
            start_new_session=True,
        )
        watch = threading.Thread(target=_end_if_too_large, args=(process.pid,), daemon=True)
        watch.start()
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        peak_gib = used.ru_maxrss * 1024 / GIB
        text = _text(output)
        if process.returncode != 0:
            raise MeasuringError(_failure(command, process.returncode, peak_gib, _text(errors)))
    found = _last_json(text)
    return Run(found.get("seconds", seconds), found.get("cpu_seconds", used.ru_utime + used.ru_stime), peak_gib, found)


def alternate(commands: Mapping[str, Command], runs: int, advance: Callable[[str], None]) -> dict[str, list[Run]]:
    """Run the commands in turn, so that a busy minute of the machine falls on all of them; `runs` times each."""
    measured: dict[str, list[Run]] = {name: [] for name in commands}
    for number in range(runs):
        for name, command in commands.items():
            advance(f"{name}, run {number + 1} of {runs}")
            measured[name].append(measure(command))
    return measured


def figures(runs: Sequence[Run]) -> dict[str, Any]:
    """Medians, with the fastest and the slowest run, as they are printed."""
    seconds = [run.seconds for run in runs]
    return {
        "seconds": round(median(seconds), 3),
        "seconds_from_to": [round(min(seconds), 3), round(max(seconds), 3)],
        "cpu_seconds": round(median(run.cpu_seconds for run in runs), 3),
        "peak_gib": round(max(run.peak_gib for run in runs), 3),
    }


def _end_if_too_large(pid: int) -> None:
    status = Path(f"/proc/{pid}/status")
    while True:
        try:
            resident = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS:"))
        except (OSError, StopIteration):
            return
        if int(resident.split()[1]) * 1024 > ENDED_AT_GIB * GIB:
            os.killpg(pid, signal.SIGKILL)
            return
        time.sleep(0.2)


def _text(file: Any) -> str:
    file.seek(0)
    return str(file.read().decode(errors="replace"))


def _last_json(text: str) -> dict[str, Any]:
    """All of the output, or its last line, where that is a JSON object."""
    for part in (text, text.strip().rpartition("\n")[2]):
        try:
            found = json.loads(part)
        except json.JSONDecodeError:
            continue
        return found if isinstance(found, dict) else {}
    return {}


def _failure(command: Command, code: int, peak_gib: float, said: str) -> str:
    shown = " ".join(str(argument) for argument in command.arguments)[:200]
    if code == -signal.SIGKILL:
        return f"ended at {peak_gib:.1f} GiB (limit {ENDED_AT_GIB}): {shown}"
    return f"exit code {code}: {shown}\n{said[-2000:]}"
