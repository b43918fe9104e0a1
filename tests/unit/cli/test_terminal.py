"""What a command says while it works: a line for each step where nobody sees a bar."""

import pytest

from pipelines.cli import terminal


@pytest.fixture
def clock(monkeypatch):
    """Seconds that pass at each look at the clock are the test's to say."""
    now = [0.0]
    monkeypatch.setattr(terminal, "monotonic", lambda: now[0])
    terminal.errors.cache_clear()
    yield now
    terminal.errors.cache_clear()


def test_progress_shows_in_a_pipe_with_names_as_they_are(clock, capsys):
    with terminal.progress(3) as advance:
        for name in ("fetch", "price [bold]x[/]:fire:", "publish"):
            advance(name)
            clock[0] += 60
    assert capsys.readouterr().err.splitlines() == ["1/3 fetch", "2/3 price [bold]x[/]:fire:", "3/3 publish"]


def test_thousands_of_files_are_not_thousands_of_lines(clock, capsys):
    with terminal.progress(5_000) as advance:
        for number in range(5_000):
            advance(f"{number}.jsonl")
            clock[0] += 0.01
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "1/5000 0.jsonl"
    assert 45 <= len(lines) <= 51
