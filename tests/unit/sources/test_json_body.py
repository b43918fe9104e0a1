"""JSON as sources publish it, and what else may arrive under their addresses."""

from decimal import Decimal
from typing import Any

import pytest

from pipelines.sources.json_body import json_amount, json_text, read_json, whole_json, whole_number
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


def test_every_number_is_a_decimal_and_none_is_not_a_number() -> None:
    assert read_json(b'{"a": 0.1, "b": 3}') == {"a": Decimal("0.1"), "b": Decimal(3)}
    assert read_json(b"[NaN, -Infinity]") == ["NaN", "-Infinity"]


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"a": ', b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_json_is_an_error(body: bytes) -> None:
    with pytest.raises(ParseError, match="not a whole JSON document"):
        read_json(body)


def test_whole_numbers() -> None:
    assert [whole_number(Decimal(text)) for text in ("0", "8", "8.0")] == [0, 8, 8]


@pytest.mark.parametrize("value", [8, "8", None, True, Decimal("8.5"), Decimal(-1), Decimal("1e9"), Decimal("NaN")])
def test_other_values_are_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="not whole, or out of range"):
        whole_number(value)
