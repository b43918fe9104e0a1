"""JSON as sources print it: exact numbers, and what else may arrive under their addresses."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.sources.json_body import json_amount, json_text, read_json, read_json_at, read_json_of, whole_number
from pipelines.sources.llm_prices.price_rows import Price, new_collector, parsed_prices
from pipelines.sources.parsed import ParseError


def test_numbers_have_the_digits_that_are_printed():
    value = read_json(b'{"a": 1e-07, "b": 3, "c": 1.10, "d": 0.1234567890123456789}')
    assert {name: str(number) for name, number in value.items()} == {
        "a": "1E-7",
        "b": "3",
        "c": "1.10",
        "d": "0.1234567890123456789",
    }
    assert all(isinstance(number, Decimal) for number in value.values())


def test_what_is_no_json_number_is_a_text_and_no_amount():
    value = read_json(b"[NaN, -Infinity, 5]")
    assert value == ["NaN", "-Infinity", Decimal(5)]
    assert [json_amount(number) for number in value] == [None, None, 5]


def test_the_last_of_two_equal_keys_counts():
    assert read_json('{"a": 1, "a": 2}') == {"a": 2}


@pytest.mark.parametrize("body", [b"", b'{"a": 1', b"<html>", b"\xff\xfe", b"[" * 200_000, b"{} {}", b"[1,]"])
def test_what_is_no_whole_document_raises(body):
    with pytest.raises(ParseError, match="not a whole JSON document"):
        read_json(body)


def test_an_error_says_where():
    with pytest.raises(ParseError, match=r"line 2 column 7"):
        read_json(b'{"a": 1,\n "b": x}')


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_body_is_read_in_the_encodings_of_json(encoding):
    assert read_json('{"a": "\u20ac"}'.encode(encoding)) == {"a": "\u20ac"}


def test_another_kind_of_document_raises():
    with pytest.raises(ParseError, match="expected a JSON dict, got list"):
        read_json_of(dict, b"[]")
    with pytest.raises(ParseError, match="expected a JSON list, got NoneType"):
        read_json_of(list, b"null")


def test_a_value_in_the_middle_of_a_text():
    assert read_json_at('x={"a": 1.50};', 2) == {"a": Decimal("1.50")}
    with pytest.raises(ParseError, match="no JSON value"):
        read_json_at("x=;", 2)


HUGE = [Decimal("1e-400"), Decimal("0." + "1" * 40), Decimal(10) ** 30]


@pytest.mark.parametrize("value", [None, True, 1, "1", [], {}, *HUGE])
def test_what_is_no_amount(value):
    assert json_amount(value) is None


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12))
def test_every_amount_can_stand_in_a_frame(value):
    amount = json_amount(value)
    if amount is not None:
        collector = new_collector()
        prices = [Price("x", "p", "m", "output", amount, "x"), Price("x", "p", "n", "output", Decimal(1), "x")]
        assert parsed_prices(prices, collector).rows.height + len(collector.rejects) == 2


@pytest.mark.parametrize("text", ["0", "7", "0.25", "-1"])
def test_an_amount(text):
    assert str(json_amount(read_json(text))) == text


def test_whole_numbers():
    assert [whole_number(Decimal(text)) for text in ("0", "8", "8.0")] == [0, 8, 8]


@pytest.mark.parametrize("value", [8, "8", "NaN", None, True, Decimal("8.5"), Decimal(-1), Decimal("1e9")])
def test_other_values_are_no_whole_numbers(value):
    with pytest.raises(ValueError, match="not whole, or out of range"):
        whole_number(value)


@pytest.mark.parametrize("text", ['{"base": 0.435}', "3", "[3.0]", '"NaN"', "null"])
def test_text_for_people_is_that_of_the_standard_library(text):
    assert json_text(read_json(text)) == json.dumps(json.loads(text))
