"""The sample usage cut into days is the sample usage."""

from datetime import date

import pytest

from pipelines.demo.sample_usage import CLAUDE_FILE, FIRST_DAY, OPENAI_FILE, write_sample_usage
from tools.simulated_year.daily_usage import drop, usage_by_day

UNTIL = date(2026, 9, 25)  # behind the line that was cut off


@pytest.mark.parametrize(("name", "header_lines"), [(OPENAI_FILE, 1), (CLAUDE_FILE, 0)])
def test_the_days_together_hold_every_line_once(tmp_path, name, header_lines):
    whole = {file.name: file for file in write_sample_usage(tmp_path / "whole", UNTIL)}[name].read_text()
    parts = usage_by_day(tmp_path / "parts", UNTIL)
    lines = [
        line
        for day in sorted(parts)
        for file, text in parts[day].items()
        if file.endswith(name)
        for line in text.splitlines()[header_lines:]
    ]
    assert lines == whole.splitlines()[header_lines:]
    assert min(parts) == FIRST_DAY


def test_a_morning_brings_the_usage_of_the_day_before(tmp_path):
    usage = {date(2026, 8, 1): {"a.tsv": "a"}, date(2026, 8, 2): {"b.tsv": "b"}}
    drop(tmp_path / "inbox", usage, date(2026, 8, 2))
    assert [file.name for file in (tmp_path / "inbox").iterdir()] == ["a.tsv"]
