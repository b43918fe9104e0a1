"""Hints for names that are not known: near ones, whatever the case, and none for a name that is."""

import pytest

from pipelines.models.similar_names import did_you_mean, similar_names

KNOWN = ["gpt-4o", "gpt-4o-mini", "claude-haiku-4-5", "litellm"]


@pytest.mark.parametrize(
    ("name", "first"),
    [("GPT-4o", "gpt-4o"), ("gpt4o", "gpt-4o"), ("litelm", "litellm"), ("Claude Haiku 4.5", "claude-haiku-4-5")],
)
def test_the_nearest_name_is_first(name, first):
    assert similar_names(name, KNOWN)[0] == first


@pytest.mark.parametrize("name", ["gpt-4o", "zzz", ""])
def test_nothing_is_said_of_a_known_name_or_one_like_none(name):
    assert similar_names(name, KNOWN) == []
    assert did_you_mean(name, KNOWN) == ""


def test_the_end_of_a_sentence():
    assert did_you_mean("gpt-4o-mimi", KNOWN) == "; did you mean gpt-4o-mini, gpt-4o?"
