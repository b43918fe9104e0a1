"""A file in which one line of a hundred is broken in one of twelve ways: all of these refused, all others priced.

The file is written together with its truth: which line breaks which rule, and the tokens and dollars of all others,
added up in whole numbers. What the product found is held against that.
"""

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.importing import AS_OF
from benchmarks.measuring import MeasuringError, measure, work
from benchmarks.result import Proof
from benchmarks.settings import Settings
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import read_table

ROWS, BLOCK, SEED = 10_000_000, 100_000, 20261126
VERSION = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]
"""Of this generator: a file of another one is made anew."""
EVERY, PLACE = 100, 37
"""Of each hundred lines the one at this place is broken."""
DAYS, FIRST_SECOND = 50, 1_791_158_400
"""2026-10-05 to 2026-11-23, UTC; a log is in the order of time."""
MAX_PEAK_GIB = 6
MICRO_USD = {
    "gpt-4o": (2_500_000, 1_250_000, 10_000_000),
    "gpt-4o-mini": (150_000, 75_000, 600_000),
    "gpt-4.1": (2_000_000, 500_000, 8_000_000),
    "gpt-5": (1_250_000, 125_000, 10_000_000),
    "gpt-5-mini": (250_000, 25_000, 2_000_000),
}
"""OpenAI's list prices of a million tokens on those days: input, cached input, output."""
MODELS = tuple(MICRO_USD)

GOOD = (
    '{"id":"chatcmpl-%012d","created":%d,"provider":"openai","model":"%s","service_tier":"default","usage":'
    '{"prompt_tokens":%d,"completion_tokens":%d,"total_tokens":%d,"prompt_tokens_details":{"cached_tokens":%d}}}\n'
)


def _changed(part: str, instead: str) -> Callable[[str], bytes]:
    """What writes a line with one part of it, a regular expression, replaced."""
    return lambda line: re.sub(part, instead, line, count=1).encode()


KINDS: dict[str, tuple[str, Callable[[str], bytes]]] = {
    "truncated": ("invalid_json", lambda line: line[: len(line) // 2].encode() + b"\n"),
    "a list": ("not_an_object", lambda line: f"[{line.rstrip()}]\n".encode()),
    "invalid UTF-8": ("invalid_utf8", lambda line: line.encode().replace(b"chatcmpl-", b"chatcmpl-\xff\xfe")),
    "no time": ("not_a_timestamp", _changed(r'"created":\d+,', "")),
    "no time zone": ("not_a_timestamp", _changed(r'"created":\d+', '"timestamp":"2026-11-01T08:00:00"')),
    "in the future": ("usage_in_the_future", _changed(r'"created":\d+', '"created":1893456000')),
    "in 1970": ("year_is_plausible", _changed(r'"created":\d+', '"created":86400')),
    "negative count": ("not_a_count", _changed(r'"prompt_tokens":', '"prompt_tokens":-')),
    "fractional count": ("not_a_count", _changed(r'"completion_tokens":(\d+)', r'"completion_tokens":\1.5')),
    "more cached than input": ("cached_exceeds_input", _changed(r'"cached_tokens":\d+', '"cached_tokens":900000')),
    "unknown tier": ("unknown_service_tier", _changed('"default"', '"turbo"')),
    "no model": ("no_model", _changed(r'"model":"[^"]+",', "")),
}
"""What is wrong with a line -> the rule that must refuse it, and how a good line is made so."""
BREAKERS = tuple(make for _, make in KINDS.values())
RULES = tuple(rule for rule, _ in KINDS.values())


def write_rows(folder: Path, rows: int) -> dict[str, Any]:
    """Write `folder`/rows.jsonl, once for each number of rows, and truth.json beside it. Returns the truth."""
    truth_file = folder / "truth.json"
    if truth_file.exists():
        known = dict(json.loads(truth_file.read_text()))
        if (known["rows"], known["version"]) == (rows, VERSION):
            return known
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    rng = np.random.default_rng(SEED)
    totals = np.zeros(4, dtype=object)
    with (folder / "rows.jsonl").open("wb") as file:
        for start in range(0, rows, BLOCK):
            totals += _write_block(file.write, rng, np.arange(start, min(start + BLOCK, rows)), rows)
    good = rows - len(broken_lines(rows))
    quantity = dict(zip(("input_uncached", "cache_read", "output"), map(int, totals[:3]), strict=True))
    truth = {"version": VERSION, "rows": rows, "good": good, "quantity": quantity, "pico_usd": int(totals[3])}
    truth_file.write_text(json.dumps(truth))
    return truth


def broken_lines(rows: int) -> pl.DataFrame:
    """source_line, rule of every broken line of a file of so many rows."""
    lines = np.arange(PLACE, rows + 1, EVERY)
    return pl.DataFrame({"source_line": lines, "rule": [RULES[line // EVERY % len(RULES)] for line in lines.tolist()]})


def check(warehouse: Warehouse, truth: dict[str, Any], found: dict[str, Any]) -> dict[str, bool]:
    """What must hold of a warehouse that imported and priced the file, and whether it does.

    `found`: rows, quantity, usd and unpriced, as `work.import_logs` gives them.
    """
    with warehouse.write() as connection:
        rejects = read_table(connection, "core.usage_reject").select("source_line", "rule").sort("source_line")
        costs = read_table(connection, "core.usage_cost", "meter IN ('input_uncached', 'output')")
    priced = costs.filter(pl.col("price_id").is_not_null()).group_by("meter").agg(pl.col("usage_rows").sum())
    pico_usd = int(found["usd"].replace(".", ""))
    return {
        "every_broken_line_is_refused_by_its_rule": rejects.equals(broken_lines(truth["rows"])),
        "every_good_row_is_in_the_ledger": found["rows"] == truth["good"],
        "every_good_row_is_priced": found["unpriced"] == 0
        and sorted(priced.rows()) == [("input_uncached", truth["good"]), ("output", truth["good"])],
        "tokens_agree": {meter: found["quantity"].get(meter) for meter in truth["quantity"]} == truth["quantity"],
        "usd_agree": pico_usd == truth["pico_usd"],
    }


def broken_rows(settings: Settings, advance: Callable[[str], None]) -> Iterator[Proof]:
    """Import and price the file in a process of its own, with the modules and the prices there before."""
    rows = settings.rows or ROWS
    folder, warehouse = settings.data / "broken_rows", Warehouse(settings.data / "broken_rows_warehouse")
    shutil.rmtree(warehouse.folder, ignore_errors=True)
    advance("making the file")
    try:
        truth = measure(work("make_broken_rows", folder, rows)).found
        measure(work("seed", warehouse.folder, AS_OF))
        advance("importing and pricing")
        run = measure(work("import_logs", warehouse.folder, folder, AS_OF))
    except MeasuringError as error:
        yield Proof("broken_rows", {"the_run_ended_well": False}, {"failed": str(error)})
        return
    checks = check(warehouse, dict(truth), dict(run.found)) | {"memory_is_bounded": run.peak_gib <= MAX_PEAK_GIB}
    with warehouse.write() as connection:
        by_rule = connection.execute(
            "SELECT rule, count(*) FROM core.usage_reject GROUP BY ALL ORDER BY ALL"
        ).fetchall()
    yield Proof(
        "broken_rows",
        checks,
        {
            "rows": rows,
            "seconds": round(run.seconds, 1),
            "import_seconds": round(run.found["import_seconds"], 1),
            "cpu_seconds": round(run.cpu_seconds, 1),
            "peak_gib": round(run.peak_gib, 2),
            "file_bytes": (folder / "rows.jsonl").stat().st_size,
            "rejects": dict(by_rule),
            "usd": run.found["usd"],
        },
    )


def _write_block(write: Callable[[bytes], Any], rng: np.random.Generator, numbers: np.ndarray, rows: int) -> np.ndarray:
    """Write the lines of these numbers (from 0). Returns uncached, cached and output tokens and pico-dollars."""
    prompt = rng.integers(200, 200_000, len(numbers))
    cached = np.where(rng.random(len(numbers)) < 0.5, prompt * rng.integers(1, 10, len(numbers)) // 10, 0)
    output = rng.integers(1, 4_000, len(numbers))
    model = rng.integers(0, len(MODELS), len(numbers))
    created = FIRST_SECOND + numbers * (DAYS * 86_400) // rows
    columns = (numbers + 1, created, model, prompt, output, prompt + output, cached)
    lines = []
    for number, second, which, *counts in zip(*(column.tolist() for column in columns), strict=True):
        line = GOOD % (number, second, MODELS[which], *counts)
        is_broken = number % EVERY == PLACE
        lines.append(BREAKERS[number // EVERY % len(BREAKERS)](line) if is_broken else line.encode())
    write(b"".join(lines))
    good = (numbers + 1) % EVERY != PLACE
    prices = np.array(list(MICRO_USD.values()))[model[good]]
    tokens = np.stack([prompt - cached, cached, output], axis=1)[good]
    # Tokens times micro-dollars of a million tokens are pico-dollars; a block of them fits into 64 bits.
    return np.array([*tokens.sum(axis=0).tolist(), int((tokens * prices).sum())], dtype=object)
