"""Importing Claude Code logs, held against `ccusage daily` on the same files: the daily costs of 500,000 lines."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.measuring import Command, MeasuringError, alternate, figures, measure, work
from benchmarks.result import Result, Target, failed
from benchmarks.settings import CCUSAGE, COSTS, Settings

AS_OF = "2026-11-25T06:00:00"
HALF = Target(ratio=0.5)


def import_claude_code(settings: Settings, advance: Callable[[str], None]) -> Iterator[Result]:
    """In the process: import_files and price_days, after the imports of modules. And the whole command `costs import`.

    Ours also checks every line, refuses with reasons, keeps each response in the ledger and prices it at its own date.
    """
    advance("making the logs")
    logs, empty, scratch = settings.data / "claude_code", settings.data / "seeded", settings.data / "imported"
    truth = _truth(logs)
    shutil.rmtree(empty, ignore_errors=True)
    try:
        measure(work("seed", empty, AS_OF))
        runs = alternate(_commands(settings, logs, empty, scratch), settings.runs, advance)
    except MeasuringError as error:
        yield failed("import_claude_code", HALF, str(error))
        return
    theirs = figures(runs["ccusage"])
    found, said = runs["in process"][0].found, runs["ccusage"][0].found["totals"]
    is_equal = _tokens_of_ours(found) == truth["tokens"] and _tokens_of_ccusage(said) == truth["tokens"]
    totals = {
        "responses": [found["rows"], truth["responses"]],
        "usd": {"ours": found["usd"], "ccusage": said["totalCost"]},
        "import_files_seconds": round(found["import_seconds"], 3),
    }
    for name, side, extra in (
        ("import_claude_code", "in process", totals),
        ("import_claude_code_command", "costs import", {"note": "`costs import` does not price; `costs run` does"}),
    ):
        ours = figures(runs[side])
        yield Result(name, ours["seconds"] / theirs["seconds"], HALF, ours, theirs, is_equal, extra)


def _truth(logs: Path) -> dict[str, Any]:
    if not (logs / "truth.json").exists():
        shutil.rmtree(logs, ignore_errors=True)
        measure(work("make_logs", logs))
    return dict(json.loads((logs / "truth.json").read_text()))


def _commands(settings: Settings, logs: Path, empty: Path, scratch: Path) -> dict[str, Command]:
    def fresh() -> None:
        shutil.rmtree(scratch, ignore_errors=True)
        shutil.copytree(empty, scratch)

    home = settings.data / "home"
    home.mkdir(parents=True, exist_ok=True)
    # An empty home, so that it reads no other agent's logs and no configuration.
    only_these = {"HOME": str(home), "XDG_CONFIG_HOME": str(home), "CLAUDE_CONFIG_DIR": str(logs)}
    ours = work("import_logs", scratch, logs, AS_OF)
    files = sorted(logs.rglob("*.jsonl"))
    return {
        "in process": Command(ours.arguments, prepare=fresh),
        "costs import": Command([COSTS, "--warehouse", scratch, "import", *files], prepare=fresh),
        "ccusage": Command([CCUSAGE, "daily", "--offline", "--json"], only_these),
    }


def _tokens_of_ours(found: dict[str, Any] | Any) -> dict[str, int]:
    quantity = found["quantity"]
    return {
        "input": quantity["input_uncached"],
        "cache_read": quantity["cache_read"],
        "cache_write": quantity["cache_write_5m"] + quantity["cache_write_1h"],
        "output": quantity["output"],
    }


def _tokens_of_ccusage(totals: dict[str, Any]) -> dict[str, int]:
    return {
        "input": totals["inputTokens"],
        "cache_read": totals["cacheReadTokens"],
        "cache_write": totals["cacheCreationTokens"],
        "output": totals["outputTokens"],
    }
