"""Cohere's page: expected rows are read from the fixture."""

from datetime import date
from pathlib import Path

import pytest

from pipelines.sources.lifecycle.cohere import parse
from pipelines.sources.parsed import ParseError

PAGE = (Path(__file__).parents[3] / "pages" / "lifecycle" / "cohere.md").read_text()
COLUMNS = ("model", "scope", "announced_on", "legacy_on", "retires_on", "retires_precision", "replacements")


def test_tables_lists_and_prose_make_rows() -> None:
    parsed = parse(PAGE.encode())
    april, september = date(2026, 4, 4), date(2025, 9, 15)
    assert parsed.rows.select(COLUMNS).rows() == [
        ("embed-english-v2.0", "all", None, None, april, "day", None),
        ("c4ai-aya-expanse-8b", "all", None, None, april, "day", None),
        ("command-r-03-2024", "all", None, september, None, "none", None),
        ("command-r", "all", None, september, None, "none", None),
        ("summarize", "all", None, september, None, "none", None),
        ("command-r-03-2024", "fine-tuned", None, None, date(2025, 3, 8), "day", None),
        ("rerank-english-v2.0", "all", date(2024, 12, 2), None, date(2025, 4, 30), "day", "rerank-v3.5"),
    ]
    assert set(parsed.rows.select("provider", "channel", "state", "outcome").rows()) == {
        ("cohere", "api", "deprecated", "fail")
    }
    assert parsed.rows.get_column("replacement_note").unique(maintain_order=True).to_list() == [
        "Embedding tasks alternatives: embed-v4.0",
        "For command model replacements, we recommend you use command-r-08-2024 instead.",
        None,
    ]


def test_features_and_prose_stay_visible() -> None:
    rejects = parse(PAGE.encode()).rejects.select("raw_text", "reason").rows()
    assert [(text[:14], reason) for text, reason in rejects] == [
        ("Fine-tuning fo", "an end that no list of models tells"),
        ("/v1/classify", "not in a list of models"),
        ("\nAfter January", "no models that can be read"),
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("| 2025-04-30 |", "| soon |"),
        ("| `rerank-english-v2.0` |", "| Rerank English |"),
        ("April 4th, 2026", "April 44th, 2026"),
        ("`summarize` (Refer", "the summarize endpoint (Refer"),
        ("the following models will be retired:", "the following models will be gone:"),
    ],
)
def test_what_cannot_be_read_is_a_reject_beside_good_rows(old: str, new: str) -> None:
    assert old in PAGE
    whole, cut = parse(PAGE.encode()), parse(PAGE.replace(old, new).encode())
    assert 0 < cut.rows.height < whole.rows.height
    assert cut.rejects.height > whole.rejects.height


def test_the_upper_announcement_holds() -> None:
    parsed = parse(PAGE.replace("`embed-english-v2.0`", "`rerank-english-v2.0`").encode())
    dates = dict(parsed.rows.filter(scope="all").select("model", "retires_on").rows())
    assert dates["rerank-english-v2.0"] == date(2026, 4, 4)
    assert (
        "rerank-english-v2.0: superseded by another part of the page" in parsed.rejects.get_column("reason").to_list()
    )


@pytest.mark.parametrize("body", ["", "<html></html>", PAGE.replace("### 20", "### On 20")])
def test_a_page_without_announcements_is_an_error(body: str) -> None:
    with pytest.raises(ParseError):
        parse(body.encode())


def test_a_misspelt_word_in_an_intro_loses_no_model() -> None:
    assert "deprecations will roll out" in PAGE
    misspelt = parse(PAGE.replace("deprecations will roll out", "deprecatations will roll out").encode())
    assert misspelt.rows.equals(parse(PAGE.encode()).rows)
