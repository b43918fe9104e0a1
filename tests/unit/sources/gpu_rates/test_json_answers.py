"""Numbers and bodies of JSON answers."""

from decimal import Decimal
from typing import Any

import pytest

from pipelines.sources.gpu_rates.json_answers import read_json, whole_number
from pipelines.sources.parsed import ParseError


def test_numbers_are_exact() -> None:
    assert read_json(b'{"a": 0.1, "b": 3}') == {"a": Decimal("0.1"), "b": Decimal(3)}
    assert read_json(b"[NaN, -Infinity]") == ["NaN", "-Infinity"]


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"a": ', b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_json_is_an_error(body: bytes) -> None:
    with pytest.raises(ParseError, match="not a complete JSON answer"):
        read_json(body)


def test_whole_numbers() -> None:
    assert [whole_number(Decimal(text)) for text in ("0", "8", "8.0")] == [0, 8, 8]


@pytest.mark.parametrize("value", [8, "8", None, True, Decimal("8.5"), Decimal(-1), Decimal("1e9"), Decimal("NaN")])
def test_other_values_are_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="not whole, or out of range"):
        whole_number(value)
