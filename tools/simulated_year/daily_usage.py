"""The demo's sample usage cut into days, as someone drops it who exports each morning. Pages are served elsewhere."""

import re
from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path

from pipelines.demo.sample_usage import CLAUDE_FILE, OPENAI_FILE, write_sample_usage

_DAY = re.compile(r"20\d\d-\d\d-\d\d")


def usage_by_day(folder: Path, until: date) -> dict[date, dict[str, str]]:
    """Day -> file name -> text, for the days before `until`. `folder` is a place to work in."""
    found: dict[date, dict[str, str]] = defaultdict(dict)
    tsv, jsonl = (file.read_text() for file in write_sample_usage(folder, until))
    header, _, rows = tsv.partition("\n")
    for day, text in _lines_by_day(rows).items():
        found[day][f"{day}-{OPENAI_FILE}"] = f"{header}\n{text}"
    for day, text in _lines_by_day(jsonl).items():
        found[day][f"{day}-{CLAUDE_FILE}"] = text
    return found


def drop(inbox: Path, usage: dict[date, dict[str, str]], day: date) -> None:
    """Put the usage of the day before into the inbox."""
    inbox.mkdir(parents=True, exist_ok=True)
    for name, text in usage.get(day - timedelta(days=1), {}).items():
        (inbox / name).write_text(text)


def _lines_by_day(text: str) -> dict[date, str]:
    """Each line belongs to the first date in it; one that was cut off before its date to that of the line before."""
    found: dict[date, str] = defaultdict(str)
    day = date.min
    for line in text.splitlines(keepends=True):
        if match := _DAY.search(line):
            day = date.fromisoformat(match[0])
        found[day] += line
    return found
