"""Google's own models on Vertex AI: expected rows are read from the fixture, whose dates were published so."""

from datetime import date
from pathlib import Path

import pytest

from pipelines.schema.lifecycles import LifecycleObservation
from pipelines.sources.lifecycle.vertex_google import parse
from pipelines.sources.parsed import ParseError

BODY = (Path(__file__).parents[3] / "pages" / "lifecycle" / "vertex_google.html").read_bytes()
MARKDOWN = b"""### Gemini models

| Model ID | Release date | Retirement date | Replacement model |
|---|---|---|---|
| `gemini-3.5-flash` | May 19, 2026 | May 19, 2027 or later |   |
| `gemini-2.5-pro` | June 17, 2025 | October 16, 2026 | Gemini 3.5 Flash |
"""
FACTS = ("model", "state", "retires_on", "retires_precision", "replacements")


def test_or_later_is_a_floor_and_a_date_alone_is_no_deprecation() -> None:
    parsed = parse(BODY)
    LifecycleObservation.validate(parsed.rows)
    october = date(2026, 10, 20)
    assert parsed.rows.select(FACTS).rows() == [
        ("gemini-3.8-flash", "active", date(2027, 9, 2), "floor", None),
        ("gemini-2.5-pro", "deprecated", october, "day", "gemini-3.8-flash,gemini-3.5-flash"),
        ("gemini-2.5-flash-lite", "deprecated", october, "day", "gemini-3.8-flash,gemini-3.5-flash-lite"),
        ("gemini-live-2.5-flash-native-audio", "active", date(2026, 12, 13), "day", None),
        ("gemini-embedding-001", "active", None, "none", None),
        ("gemini-2.0-flash-001", "retired", date(2026, 2, 5), "day", "gemini-2.5-flash"),
    ]
    assert set(parsed.rows.select("provider", "channel", "announced_on", "outcome").rows()) == {
        ("google", "vertex", None, "fail")
    }


def test_what_is_no_row_is_told_and_the_printed_texts_are_kept() -> None:
    parsed = parse(BODY)
    assert parsed.rows["retires_printed"].to_list()[:2] == ["September 2, 2027 or later", "October 20, 2026"]
    assert "Gemma 4" in parsed.rows["replacement_note"].to_list()[2]
    assert sorted(parsed.rejects["reason"]) == [
        "no date that can be read without guessing: 'soon'",
        "not a model id",
        "not a table of model retirements",
        "replacement is not a model id",
    ]


def test_the_markdown_form_names_replacements_only() -> None:
    parsed = parse(MARKDOWN)
    assert parsed.rows.select(*FACTS, "replacement_note").rows() == [
        ("gemini-3.5-flash", "active", date(2027, 5, 19), "floor", None, None),
        ("gemini-2.5-pro", "deprecated", date(2026, 10, 16), "day", None, "Gemini 3.5 Flash"),
    ]


@pytest.mark.parametrize("body", [b"", b"\xff", b"<html></html>", BODY.replace(b"Retirement date", b"End")])
def test_a_page_without_such_tables_is_an_error(body: bytes) -> None:
    with pytest.raises(ParseError):
        parse(body)
