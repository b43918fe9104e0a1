"""JSON as feeds publish it, and what else may arrive under their addresses."""

from decimal import Decimal

import pytest

from pipelines.sources.feeds.json_feed import json_amount, json_text, whole_json
from pipelines.sources.parsed import ParseError


def test_numbers_are_exact():
    assert whole_json(b'{"a": 1e-07, "b": 3}', dict) == {"a": Decimal("0.0000001"), "b": 3}
    assert whole_json(b"[0.1]", list) == [Decimal("0.1")]


@pytest.mark.parametrize("body", [b"", b'{"a": 1', b"<html>", b"\xff\xfe", b"[" * 200_000])
def test_what_is_no_whole_document_raises(body):
    with pytest.raises(ParseError, match="not a whole JSON document"):
        whole_json(body, dict)


def test_another_kind_of_document_raises():
    with pytest.raises(ParseError, match="expected a JSON dict, got list"):
        whole_json(b"[]", dict)
    with pytest.raises(ParseError, match="expected a JSON list, got NoneType"):
        whole_json(b"null", list)


@pytest.mark.parametrize("value", [None, True, "1", [], {}, Decimal("NaN"), Decimal("Infinity"), 10**30])
def test_what_is_no_amount(value):
    assert json_amount(value) is None


@pytest.mark.parametrize(("value", "amount"), [(0, "0"), (7, "7"), (Decimal("0.25"), "0.25"), (Decimal(-1), "-1")])
def test_an_amount(value, amount):
    assert json_amount(value) == Decimal(amount)


def test_text_for_people():
    assert json_text({"base": Decimal("0.435")}) == '{"base": 0.435}'
