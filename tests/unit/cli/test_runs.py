"""What a run says of its sources: those that were asked by name, the others by number."""

import io

import polars as pl
from rich.console import Console

from pipelines.cli.views import runs

HEALTH = pl.DataFrame(
    {
        "source": ["a", "b", "c", "d"],
        "status": ["never", "fresh", "failing", "no_key"],
        "reason": [None, None, "the page is gone", None],
    }
)


def said(health):
    console = Console(file=io.StringIO(), width=200)
    runs._print_health(console, health)
    return console.file.getvalue()


def test_sources_that_were_never_asked_are_counted():
    text = said(HEALTH)
    assert "2 of 4 sources" in text
    assert "the page is gone" in text
    assert (
        "1 sources were never read (`costs run` asks them), 1 wait for a key; `costs sources list` names them" in text
    )


def test_of_a_build_that_asked_none_there_is_no_table():
    assert said(HEALTH.filter(status="never")).splitlines() == [
        "1 sources were never read (`costs run` asks them); `costs sources list` names them"
    ]
