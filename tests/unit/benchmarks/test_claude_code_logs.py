"""The log set: what it says of itself is what a plain reader finds in it."""

import json
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.claude_code_logs import RESUMED_EVERY, write_logs

FILES, LINES = 2 * RESUMED_EVERY, 2_010


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("logs")
    write_logs(place, files=FILES, lines=LINES)
    return place


def _lines(folder: Path) -> list[str]:
    return [line for file in sorted(folder.rglob("*.jsonl")) for line in file.read_text().split("\n")[:-1]]


def test_has_the_files_and_lines_that_were_asked_for(folder: Path) -> None:
    assert len(list(folder.rglob("*.jsonl"))) == FILES
    assert len(_lines(folder)) == LINES


def test_truth_counts_each_response_once_at_its_largest_output(folder: Path) -> None:
    truth = json.loads((folder / "truth.json").read_text())
    largest: dict[tuple[str, str], Counter[str]] = {}
    assistant = [entry for entry in map(json.loads, _lines(folder)) if entry["type"] == "assistant"]
    for entry in assistant:
        usage = entry["message"]["usage"]
        found = Counter(
            input=usage["input_tokens"],
            cache_read=usage["cache_read_input_tokens"],
            cache_write=usage["cache_creation_input_tokens"],
            output=usage["output_tokens"],
        )
        key = (entry["message"]["id"], entry["requestId"])
        largest[key] = max(largest.get(key, Counter()), found, key=lambda counts: counts["output"])
    assert truth["assistant_lines"] == len(assistant)
    assert truth["responses"] == len(largest)
    assert truth["tokens"] == sum(largest.values(), Counter())
    assert truth["tokens"] == sum(map(Counter, truth["tokens_by_model"].values()), Counter())


def test_holds_streamed_repetitions_and_copies_in_resumed_sessions(folder: Path) -> None:
    files_of: dict[str, set[Path]] = {}
    lines_of: Counter[str] = Counter()
    for file in folder.rglob("*.jsonl"):
        for line in file.read_text().split("\n")[:-1]:
            entry = json.loads(line)
            if entry["type"] == "assistant":
                files_of.setdefault(entry["requestId"], set()).add(file)
                lines_of[entry["requestId"]] += 1
    in_one_file = {request for request, files in files_of.items() if len(files) == 1}
    assert {lines_of[request] for request in in_one_file} == {1, 2, 3}
    assert len(files_of) > len(in_one_file)


def test_json_is_compact(folder: Path) -> None:
    assert all(line.startswith('{"parentUuid":"') for line in _lines(folder))
