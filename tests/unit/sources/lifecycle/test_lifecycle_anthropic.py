"""Anthropic's page: expected rows are read from the fixture."""

from datetime import date
from pathlib import Path

import pytest

from pipelines.sources.lifecycle.anthropic import parse
from pipelines.sources.parsed import ParseError

PAGE = (Path(__file__).parents[3] / "pages" / "lifecycle" / "anthropic.md").read_text()
COLUMNS = ("model", "state", "announced_on", "retires_on", "retires_precision", "replacements")


def test_status_and_history_make_one_row_per_model() -> None:
    parsed = parse(PAGE.encode())
    assert parsed.rows.select(COLUMNS).rows() == [
        ("claude-opus-5", "active", None, date(2027, 7, 24), "floor", None),
        ("claude-opus-4-1-20250805", "deprecated", date(2026, 6, 5), date(2026, 8, 5), "day", "claude-opus-4-8"),
        ("claude-2.0", "retired", date(2025, 1, 21), date(2025, 7, 21), "day", "claude-opus-4-8"),
    ]
    assert parsed.rows.get_column("outcome").unique().to_list() == ["fail"]
    assert parsed.rejects.is_empty()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Deprecated | June 5, 2026", "Sunset | June 5, 2026"),
        ("June 5, 2026 | August 5, 2026", "June 5, 2026 | this summer"),
        ("| claude-opus-4-1-20250805 |", "| Claude Opus 4.1 |"),
        ("| June 5, 2026 | August 5, 2026 |", "| August 5, 2026 |"),
    ],
)
def test_a_model_with_an_unreadable_status_is_not_taken_for_retired(old: str, new: str) -> None:
    assert old in PAGE
    parsed = parse(PAGE.replace(old, new).encode())
    assert parsed.rows.get_column("model").to_list() == ["claude-opus-5"]
    assert [text.split(" | ")[1] for text in parsed.rejects.get_column("raw_text")[-2:]] == [
        "claude-opus-4-1-20250805",
        "claude-2.0",
    ]


def test_the_status_table_holds_where_the_history_differs() -> None:
    parsed = parse(PAGE.replace("| August 5, 2026 | `", "| August 9, 2026 | `").encode())
    assert parsed.rows.row(1, named=True)["retires_on"] == date(2026, 8, 5)
    assert parsed.rejects.get_column("reason").to_list() == [
        "claude-opus-4-1-20250805: dates differ from the status table's"
    ]


def test_a_private_use_glyph_in_a_heading_does_not_hide_its_day() -> None:
    page = PAGE.replace("### 2025-01-21", "### \ue09a2025-01-21")
    assert parse(page.encode()).rows.rows() == parse(PAGE.encode()).rows.rows()


def test_another_table_is_named_as_a_reject() -> None:
    page = PAGE + "\n## API parameter deprecations\n\n| Parameter | Status |\n| --- | --- |\n| `top_k` | Deprecated |\n"
    parsed = parse(page.encode())
    assert parsed.rows.height == 3
    assert parsed.rejects.rows() == [
        ("API parameter deprecations", "Parameter | Status", "not a table of model lifecycles")
    ]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html><title>Just a moment...</title></html>",
        PAGE.replace("Current state", "Condition"),
        PAGE.replace("Retirement date", "Last day"),
        PAGE.partition("## Deprecation history")[0],
    ],
)
def test_a_page_without_status_or_history_is_an_error(body: str) -> None:
    with pytest.raises(ParseError):
        parse(body.encode())
