"""A usage file that is one JSON document, held against the same records as JSON lines: time and peak memory.

Once a list of 140,000 responses of an OpenAI-compatible API, once the pages of a usage report, which is one object.
"""

import json
import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.measuring import MeasuringError, alternate, figures, measure, work
from benchmarks.result import Result, Target, failed
from benchmarks.settings import Settings

AS_OF = "2026-11-25T06:00:00"
TARGET = Target(ratio=1.3, peak_gib=1.0)
RESPONSES = 140_000
BUCKETS, RESULTS, BUCKETS_PER_PAGE = 1_440, 100, 24
KINDS = ("responses", "report")


def json_documents(settings: Settings, advance: Callable[[str], None]) -> Iterator[Result]:
    """Recognising, reading, checking and choosing, without ledger and warehouse, which know no forms of files."""
    folder = settings.data / "json_documents"
    if not (folder / "report.json").exists():
        advance("making the documents")
        measure(work("make_documents", folder))
    for kind in KINDS:
        sides = {form: work("read_usage_file", folder / f"{kind}.{form}", AS_OF) for form in ("json", "jsonl")}
        name = f"json_document_of_{kind}"
        try:
            runs = alternate(sides, settings.runs, advance)
        except MeasuringError as error:
            yield failed(name, TARGET, str(error))
            continue
        ours, theirs = figures(runs["json"]), figures(runs["jsonl"])
        totals = [[runs[form][0].found[key] for key in ("rows", "rejects", "input", "output")] for form in sides]
        details = {"mib": round((folder / f"{kind}.json").stat().st_size / 2**20, 1), "rows": totals[0][0]}
        yield Result(name, ours["seconds"] / theirs["seconds"], TARGET, ours, theirs, totals[0] == totals[1], details)


def write_documents(folder: Path) -> None:
    """Both kinds in both forms; documents are indented, as programs write them for people."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = random.Random(20261125)  # noqa: S311 - the same data each time
    responses = [_response(number, chance) for number in range(RESPONSES)]
    _write(folder, "responses", responses, responses)
    buckets = [_bucket(number) for number in range(BUCKETS)]
    pages = [_page(buckets[start : start + BUCKETS_PER_PAGE]) for start in range(0, BUCKETS, BUCKETS_PER_PAGE)]
    _write(folder, "report", pages, _page(buckets))


def _write(folder: Path, kind: str, lines: list[dict[str, Any]], document: Any) -> None:
    with (folder / f"{kind}.jsonl").open("w") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)
    with (folder / f"{kind}.json").open("w") as file:
        json.dump(document, file, indent=1)


def _response(number: int, chance: random.Random) -> dict[str, Any]:
    prompt, completion = 1_000 + number % 500, 1 + number % 100
    return {
        "id": f"chatcmpl-{number:029d}",
        "object": "chat.completion",
        "created": 1_764_000_000 + number,
        "model": "gpt-4o-2024-08-06",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": 'a "word" \n' * chance.randint(5, 40)}}],
        "usage": {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
            "prompt_tokens_details": {"cached_tokens": number % 300, "audio_tokens": 0},
        },
        "service_tier": "default",
    }


def _page(buckets: list[dict[str, Any]]) -> dict[str, Any]:
    return {"data": buckets, "has_more": False, "next_page": None}


def _bucket(hour: int) -> dict[str, Any]:
    start = datetime(2026, 1, 1) + timedelta(hours=hour)
    results = [_result(hour * RESULTS + number) for number in range(RESULTS)]
    return {"starting_at": f"{start:%FT%TZ}", "ending_at": f"{start + timedelta(hours=1):%FT%TZ}", "results": results}


def _result(number: int) -> dict[str, Any]:
    return {
        "api_key_id": f"apikey_{number % 2000:024d}",
        "workspace_id": f"wrkspc_{number % 50:024d}",
        "model": "claude-sonnet-4-5-20250929",
        "service_tier": "standard",
        "context_window": "0-200k",
        "uncached_input_tokens": number % 90_000,
        "cache_read_input_tokens": number % 7_000,
        "cache_creation": {"ephemeral_5m_input_tokens": number % 500, "ephemeral_1h_input_tokens": 0},
        "output_tokens": number % 4_000,
        "server_tool_use": {"web_search_requests": 0},
    }
