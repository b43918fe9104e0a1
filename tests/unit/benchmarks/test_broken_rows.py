"""Twelve thousand rows, one in a hundred of them broken: the file is what it says, and what is made of it is right.

The same generator makes the ten million rows of `python -m benchmarks.run broken-rows`.
"""

import json
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.broken_rows import KINDS, MICRO_USD, broken_lines, check, write_rows
from benchmarks.importing import AS_OF
from benchmarks.work import import_logs, seed
from pipelines.warehouse.database import Warehouse

ROWS = 12_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("broken") / "rows"
    write_rows(place, ROWS)
    return place


def test_truth_is_what_a_plain_reader_adds_up(folder: Path) -> None:
    truth = json.loads((folder / "truth.json").read_text())
    lines = (folder / "rows.jsonl").read_bytes().splitlines()
    assert len(lines) == truth["rows"] == ROWS
    broken = set(broken_lines(ROWS)["source_line"])
    totals: Counter[str] = Counter()
    for number, line in enumerate(lines, start=1):
        if number not in broken:
            record = json.loads(line)
            usage, (fresh, cached, output) = record["usage"], MICRO_USD[record["model"]]
            read = usage["prompt_tokens_details"]["cached_tokens"]
            parts = {"input_uncached": usage["prompt_tokens"] - read, "cache_read": read}
            parts["output"] = usage["completion_tokens"]
            cost = parts["input_uncached"] * fresh + read * cached + parts["output"] * output
            totals.update(parts | {"good": 1, "pico_usd": cost})
    assert totals == {"good": truth["good"], "pico_usd": truth["pico_usd"], **truth["quantity"]}
    assert truth["good"] == ROWS * 99 // 100


def test_each_way_of_being_broken_occurs_ten_times(folder: Path) -> None:
    assert len(KINDS) == 12
    assert Counter(broken_lines(ROWS)["rule"]) == Counter([rule for rule, _ in KINDS.values()] * 10)


def test_every_broken_row_is_refused_and_every_good_one_is_priced(folder: Path, tmp_path: Path) -> None:
    seed(str(tmp_path), AS_OF)
    found = import_logs(str(tmp_path), str(folder), AS_OF)
    checks = check(Warehouse(tmp_path), json.loads((folder / "truth.json").read_text()), found)
    assert len(checks) == 5
    assert [name for name, holds in checks.items() if not holds] == []


def test_a_missing_reject_or_row_or_token_is_noticed(folder: Path, tmp_path: Path) -> None:
    truth = json.loads((folder / "truth.json").read_text())
    found = {"rows": truth["good"] - 1, "unpriced": 0, "quantity": truth["quantity"] | {"output": 1}, "usd": "1.0"}
    seed(str(tmp_path), AS_OF)
    assert not any(check(Warehouse(tmp_path), truth, found).values())
