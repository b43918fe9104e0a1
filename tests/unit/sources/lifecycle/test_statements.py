"""Ids in prose cells and the choice between announcements."""

from datetime import date

import pytest

from pipelines.schema.lifecycles import LifecycleObservation
from pipelines.sources.lifecycle.statements import Statement, latest_statements, read_ids, read_replacements
from pipelines.sources.parsed import RowCollector


def said(announced_on: date | None, retires_on: date, text: str = "row") -> Statement:
    return Statement("m-1", "deprecated", announced_on, retires_on, "day", str(retires_on), None, "place", text)


@pytest.mark.parametrize(
    ("cell", "ids", "others"),
    [
        ("gpt-4-0613 | gpt-4, gpt-4-0613-completions", ["gpt-4-0613", "gpt-4", "gpt-4-0613-completions"], []),
        ("gpt-image-2, gpt-image-1, or gpt-image-1-mini", ["gpt-image-2", "gpt-image-1", "gpt-image-1-mini"], []),
        ("a-1 (including b-1 and b-2, which point to this snapshot)", ["a-1", "b-1", "b-2"], []),
        ("gpt-5 or gpt-4.1*", ["gpt-5", "gpt-4.1"], []),
        ("ft:gpt-3.5-turbo:org::x1", ["ft:gpt-3.5-turbo:org::x1"], []),
        ("gpt-5, gpt-5", ["gpt-5"], []),
        ("New fine-tuning training on babbage-002", [], ["New fine-tuning training on babbage-002"]),
        ("Responses API and Conversations API", [], ["Responses API", "Conversations API"]),
        ("/v1/edits", [], ["/v1/edits"]),
        ("sonnet-4 (all regions)", [], ["sonnet-4 (all regions)"]),
        ("orca-1", ["orca-1"], []),
        ("m" * 201, [], ["m" * 201]),
        ("", [], []),
    ],
)
def test_ids_are_whole_parts_of_a_cell(cell: str, ids: list[str], others: list[str]) -> None:
    assert read_ids(cell) == (ids, others)


def test_a_replacement_that_is_no_id_is_kept_as_a_reject() -> None:
    found = RowCollector(LifecycleObservation)
    assert read_replacements(found, "gpt-5 or the Responses API", "here") == "gpt-5"
    assert found.rejects == [("here", "the Responses API", "replacement is not a model id")]
    assert read_replacements(found, "---", "here") is None


def test_the_most_recent_announcement_holds() -> None:
    found = RowCollector(LifecycleObservation)
    old, new = said(date(2025, 9, 26), date(2026, 3, 26), "old"), said(date(2026, 4, 22), date(2026, 10, 23))
    assert list(latest_statements(found, [old, new])) == [new]
    assert found.rejects == [("place", "old", "m-1: superseded by the announcement of 2026-04-22")]


def test_a_dated_announcement_goes_before_an_undated_one() -> None:
    dated = said(date(2026, 4, 22), date(2026, 10, 23))
    assert list(latest_statements(RowCollector(LifecycleObservation), [said(None, date(2027, 1, 1)), dated])) == [dated]


def test_two_dates_in_one_announcement_are_both_refused() -> None:
    found = RowCollector(LifecycleObservation)
    both = [said(date(2026, 4, 22), date(2026, 10, 23), "a"), said(date(2026, 4, 22), date(2026, 10, 24), "b")]
    assert list(latest_statements(found, both)) == []
    assert [(text, reason) for _, text, reason in found.rejects] == [
        ("a", "m-1: two dates in one announcement"),
        ("b", "m-1: two dates in one announcement"),
    ]


def test_a_repetition_is_one_statement() -> None:
    found = RowCollector(LifecycleObservation)
    both = [said(date(2026, 4, 22), date(2026, 10, 23)), said(date(2026, 4, 22), date(2026, 10, 23))]
    assert list(latest_statements(found, both)) == both[:1]
    assert [reason for _, _, reason in found.rejects] == ["m-1: repeated in one announcement"]
