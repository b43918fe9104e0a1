"""Nebius: the structure of its page, with the prices of 2026-09-29."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.schema.gpu_rates import GpuRateObservation
from pipelines.sources.gpu_rates.nebius import parse
from pipelines.sources.parsed import ParseError

PAGE = (Path(__file__).parents[3] / "pages" / "gpu_rates" / "nebius.html").read_text()


def rows(page: str) -> list[tuple[object, ...]]:
    parsed = parse(page.encode()).rows
    GpuRateObservation.validate(parsed)
    return parsed.select(
        "sku", "gpu", "variant", "memory_gb", "pricing", "usd_per_gpu_hour", "price_kind", "effective_from"
    ).rows()


def reasons(page: str) -> list[str]:
    return parse(page.encode()).rejects.get_column("reason").to_list()


def test_a_dated_column_is_a_price_from_that_day_and_cpu_lists_are_none() -> None:
    october = datetime(2026, 10, 1)
    assert rows(PAGE) == [
        ("NVIDIA HGX H100", "H100", "SXM", 80, "on_demand", Decimal("3.85"), "quoted", None),
        ("NVIDIA HGX H100", "H100", "SXM", 80, "on_demand", Decimal("4.50"), "quoted", october),
        ("NVIDIA L40S with AMD CPU", "L40S", "", 48, "spot", Decimal("0.90"), "from", None),
    ]
    assert reasons(PAGE) == []


def test_the_layout_of_july_had_both_prices_in_one_list() -> None:
    july = PAGE.replace("On-demand, GPU-hour", "Preemptible, GPU-hour").replace("$3.85", "$2.15")
    july = july.replace("GPU-hour (Effective October 1, 2026)", "On-demand, GPU-hour").replace("$4.50", "$3.85")
    assert [row[4:] for row in rows(july)[:2]] == [
        ("spot", Decimal("2.15"), "quoted", None),
        ("on_demand", Decimal("3.85"), "quoted", None),
    ]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("$3.85", "\u20ac3.85", "the price is no amount in USD per hour"),
        ("$3.85", "$3.85 / sec", "the price is no amount in USD per hour"),
        ("NVIDIA HGX H100", "NVIDIA A100 SXM", "the memory of the card is not told and not known"),
        ("NVIDIA HGX H100", "Something", "no model number in the name"),
        ("Effective October 1, 2026", "Effective February 31, 2026", "a column of GPU-hours that is not known"),
        ("Effective October 1, 2026", "soon", "a column of GPU-hours that is not known"),
        ("On-demand, GPU-hour", "GPU-hour, Monday", "a column of GPU-hours that is not known"),
        ('<div class="pc-highlight-table-block__cell"><p>16</p></div>', "", "3 cells under 4 headers"),
        ("<p>Item</p>", "<p>GPU</p>", "a GPU list with unknown columns"),
    ],
)
def test_what_cannot_be_read_is_a_reject_with_its_reason(old: str, new: str, reason: str) -> None:
    assert old in PAGE
    assert set(reasons(PAGE.replace(old, new, 1))) == {reason}


@pytest.mark.parametrize(
    "body", [b"", b"Access denied", b"<html><title>Just a moment...</title></html>", b"\xff\xfe", b"{}"]
)
def test_a_page_without_the_prices_is_an_error(body: bytes) -> None:
    with pytest.raises(ParseError):
        parse(body)


def test_a_rate_waits_where_the_one_that_follows_it_cannot_be_read() -> None:
    assert [row[0] for row in rows(PAGE.replace("$4.50", "$4.5O"))] == ["NVIDIA L40S with AMD CPU"]
    assert "what follows it is unread" in reasons(PAGE.replace("$4.50", "$4.5O"))
