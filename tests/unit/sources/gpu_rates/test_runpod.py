"""RunPod's answer: expected values are read from the fixture, hostile ones are written here."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipelines.sources.gpu_rates.addresses import RUNPOD_QUERY
from pipelines.sources.gpu_rates.runpod import parse
from pipelines.sources.parsed import ParseError

PAGE = Path(__file__).parents[3] / "pages" / "gpu_rates" / "runpod.json"
L4 = {"id": "NVIDIA L4", "displayName": "L4", "memoryInGb": 24, "securePrice": 0.49, "communityPrice": 0.44}


def answer(*cards: Any) -> bytes:
    return json.dumps({"data": {"gpuTypes": cards}}).encode()


def test_the_rows_of_the_fixture() -> None:
    rows = parse(PAGE.read_bytes()).rows.select(
        "tier", "gpu", "variant", "memory_gb", "gpu_fraction", "usd_per_gpu_hour", "printed"
    )
    assert rows.rows() == [
        ("secure", "H100", "SXM", 80, Decimal(1), Decimal("3.49"), "3.49"),
        ("community", "H100", "SXM", 80, Decimal(1), Decimal("2.69"), "2.69"),
        ("secure", "L40S", "", 48, Decimal(1), Decimal("1.09"), "1.09"),
        ("secure", "MI300X", "OAM", 192, Decimal(1), Decimal("2.39"), "2.39"),
        ("secure", "RTX PRO 6000", "Server", 96, Decimal(1), Decimal("2.09"), "2.09"),
        ("secure", "RTX PRO 6000", "Server", 96, Decimal("0.25"), Decimal("0.59"), "0.59"),
    ]


def test_placeholders_and_slices_of_unknown_cards_stay_visible() -> None:
    rejects = parse(PAGE.read_bytes()).rejects.select("place", "reason").rows()
    assert rejects == [
        ("AMD Instinct MI300X OAM", "placeholder 0.5"),
        ("NVIDIA B300 SXM6 AC MIG 1g.34gb", "placeholder 0.5"),
        ("NVIDIA B300 SXM6 AC MIG 1g.34gb", "a slice of a card whose memory the answer does not tell"),
    ]


def test_the_query_asks_for_every_field_of_the_answer() -> None:
    asked = set(RUNPOD_QUERY.replace("{", " ").replace("}", " ").split()) - {"query", "gpuTypes"}
    assert asked == set(L4)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Just a moment...</html>",
        PAGE.read_bytes()[:-40],
        b"[" * 100_000,
        b"\xff\xfe",
        b"[]",
        b'{"data": null}',
        b'{"data": {"gpuTypes": {}}}',
        b'{"data": {"gpuTypes": []}}',
        b'{"errors": [{"message": "Something went wrong"}], "data": null}',
        json.dumps({"errors": [{"message": "partial"}], "data": {"gpuTypes": [L4]}}).encode(),
    ],
)
def test_a_body_that_is_no_complete_answer_is_an_error(body: bytes) -> None:
    with pytest.raises(ParseError):
        parse(body)


@pytest.mark.parametrize("price", ["NaN", "Infinity", "-Infinity", "null", "true", '"0.40"', "[0.4]", "{}", "1e12"])
def test_a_price_that_is_no_number_is_a_reject_and_the_other_cloud_stays(price: str) -> None:
    body = answer(L4 | {"communityPrice": "HERE"}).replace(b'"HERE"', price.encode())
    parsed = parse(body)
    assert parsed.rows.get_column("tier").to_list() == ["secure"]
    assert parsed.rejects.get_column("reason").to_list() == ["the price is no finite number"]


def test_a_negative_price_is_left_to_the_row_rules() -> None:
    assert parse(answer(L4 | {"securePrice": -1})).rows.row(0, named=True)["usd_per_gpu_hour"] == Decimal(-1)


@pytest.mark.parametrize(
    "card",
    [
        None,
        7,
        [],
        {},
        L4 | {"id": ""},
        L4 | {"id": ["L4"]},
        L4 | {"id": "unknown"},
        L4 | {"id": "NVIDIA T4", "memoryInGb": 0},
        L4 | {"id": "NVIDIA T4", "memoryInGb": "16"},
        L4 | {"id": "NVIDIA T4", "memoryInGb": 16.5},
        L4 | {"id": "NVIDIA T4", "memoryInGb": [16]},
        L4 | {"id": "NVIDIA A100 80GB PCIe", "memoryInGb": 40},
    ],
)
def test_a_card_of_wrong_types_is_one_reject_beside_good_rows(card: Any) -> None:
    parsed = parse(answer(L4, card))
    assert parsed.rows.get_column("sku").unique().to_list() == ["NVIDIA L4"]
    assert parsed.rejects.height == 1


def test_one_id_twice_is_one_card_or_none() -> None:
    other = L4 | {"id": "NVIDIA L40"}
    assert parse(answer(other, L4, L4)).rows.height == 4
    parsed = parse(answer(other, L4, L4 | {"securePrice": 0.6}))
    assert parsed.rows.get_column("sku").unique().to_list() == ["NVIDIA L40"]
    assert parsed.rejects.get_column("reason").to_list() == ["one id with two different entries"]
