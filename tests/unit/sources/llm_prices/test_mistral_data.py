"""Mistral's page of 2026-05 holds its models in the data of its scripts; figures are those of the page."""

import json
from decimal import Decimal

import polars as pl
import pytest

from pipelines.schema.token_prices import TokenPriceObservation
from pipelines.sources.llm_prices.mistral import parse
from pipelines.sources.parsed import ParseError


def card(name: str, endpoint: str | None, **prices: str) -> dict[str, object]:
    labels = {"input": "Input (/M tokens)", "output": "Output (/M tokens)"}
    price = [{"value": labels.get(label, label), "price_dollar": text} for label, text in prices.items()]
    return {"name": name, "api_endpoint": endpoint, "price": price}


def page(*cards: dict[str, object]) -> bytes:
    data = f'36:["$","$L56","x",{{"apis":{json.dumps(cards)}}}]\n'
    halves = (data[:60], data[60:])
    scripts = "".join(f"<script>self.__next_f.push([1,{json.dumps(half)}])</script>" for half in halves)
    return f"<html><body><h1>Pricing</h1>{scripts}</body></html>".encode()


LARGE = card("Mistral Large 3", "mistral-large-latest", input="<p>$0.5</p>", output="<div>\n<p>$1.5</p>\n</div>")


def test_models_and_the_search_tool_are_read():
    parsed = parse(page(LARGE, card("Web search", None, Price="<p>$30 / 1000 calls</p>")))
    rows = TokenPriceObservation.validate(parsed.rows)
    assert rows.select("model", "meter", "unit", "usd_per_unit").sort("meter").rows() == [
        ("mistral-large-latest", "input_uncached", "mtok", Decimal("0.5")),
        ("mistral-large-latest", "output", "mtok", Decimal("1.5")),
        ("*", "web_searches", "thousand_calls", Decimal(30)),
    ]
    assert parsed.rejects.is_empty()


def test_two_models_under_one_endpoint_are_both_refused():
    small = [
        card("Mistral Small 4", "mistral-small-latest", input="$$0.15"),
        card("Mistral Small 3.2", "mistral-small-latest", input="$$0.1"),
    ]
    parsed = parse(page(LARGE, *small))
    assert "mistral-small-latest" not in set(parsed.rows["model"])
    assert parsed.rejects["raw_text"].to_list() == ["$0.15", "$0.1"]


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        (card("Classifier", None, input="<p>$0.1</p>"), "its API id is unknown"),
        (card("X", "x-1", input="<p><s>$0.1</s></p>"), "not exactly a price"),
        (card("X", "x-1", input="<p>$0.1 <del>$0.2</del></p>", output="<p>$1 or so</p>"), "not exactly a price"),
        (card("OCR 3", "mistral-ocr-latest", OCR="<p>$2 / 1000 pages</p>"), "no meter for this unit"),
    ],
)
def test_what_is_no_price_per_token_of_a_known_id_is_refused(odd, reason):
    parsed = parse(page(LARGE, odd))
    assert reason in parsed.rejects["reason"][0]
    assert parsed.rows.filter(pl.col("meter") == "output", model="x-1").is_empty()


def test_a_page_without_models_is_refused_by_name():
    with pytest.raises(ParseError, match="no table with headers"):
        parse(page())
