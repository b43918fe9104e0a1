"""An end that Anthropic's deprecation page tells in a sentence, as that of 2026-07-21 does."""

from datetime import date
from pathlib import Path

import pytest

from pipelines.sources.lifecycle.anthropic import parse

PAGE = (Path(__file__).parents[3] / "pages" / "lifecycle" / "anthropic.md").read_text()
SENTENCE = (
    "[Claude Mythos Preview](https://anthropic.com/glasswing) (`claude-mythos-preview`) will be retired on July 21, "
    "2026. To migrate to [Claude Mythos 5](https://anthropic.com/glasswing) (`claude-mythos-5`), see the guide."
)


def ends(sentence: str) -> list[tuple[object, ...]]:
    known = set(parse(PAGE.encode()).rows["model"])
    rows = parse(f"{PAGE}\n\n## Model status\n\n{sentence}\n".encode()).rows
    return [
        row
        for row in rows.select("model", "state", "retires_on", "retires_precision", "replacements").rows()
        if row[0] not in known
    ]


@pytest.mark.parametrize(("tense", "state"), [("will be", "deprecated"), ("was", "retired")])
def test_the_end_of_a_model_in_a_sentence(tense, state):
    assert ends(SENTENCE.replace("will be", tense)) == [
        ("claude-mythos-preview", state, date(2026, 7, 21), "day", "claude-mythos-5")
    ]


def test_without_a_replacement():
    assert ends(SENTENCE.partition(" To migrate")[0]) == [
        ("claude-mythos-preview", "deprecated", date(2026, 7, 21), "day", None)
    ]


def test_a_sentence_of_another_form_is_refused():
    odd = "`claude-mythos-preview` is to be retired in the summer."
    assert ends(odd) == []
    rejects = parse(f"{PAGE}\n{odd}\n".encode()).rejects
    assert "the end of a model in a sentence of no known form" in rejects["reason"].to_list()
