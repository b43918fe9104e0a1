"""CoreWeave's page: rows on the page's own template, with one detail changed per test."""

from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.sources.gpu_rates.coreweave import parse
from pipelines.sources.parsed import ParseError

PAGE = (Path(__file__).parents[3] / "pages" / "gpu_rates" / "coreweave.html").read_text()


def parsed_rows(page: str) -> list[tuple[object, ...]]:
    rows = parse(page.encode()).rows
    return rows.select("tier", "sku", "gpu_count", "region", "pricing", "usd_per_gpu_hour", "printed").rows()


def test_the_rows_of_the_fixture() -> None:
    """$21.60 / 8 = 2.70, $9.65 / 8 = 1.20625, $42.00 / 4 = 10.50; the CPU list and the empty price give none."""
    assert parsed_rows(PAGE) == [
        ("kubernetes", "nvidia-a100", 8, "north-america", "on_demand", Decimal("2.70"), "$21.60"),
        ("kubernetes", "nvidia-a100", 8, "north-america", "spot", Decimal("1.20625"), "$9.65"),
        ("kubernetes", "nvidia-gb200-nvl72", 4, "europe", "on_demand", Decimal("10.50"), "$42.00"),
    ]
    assert parse(PAGE.encode()).rejects.is_empty()


def test_a_count_with_a_footnote_in_superscript_is_the_count() -> None:
    assert parsed_rows(PAGE.replace("4^1", "4<sup>1</sup>")) == parsed_rows(PAGE)


def test_a_third_rounds_half_even_at_six_digits() -> None:
    """$10.00 / 3 = 3.3333333..."""
    assert parsed_rows(PAGE.replace("<div>4^1</div>", "<div>3</div>").replace("$42.00", "$10.00"))[2][5] == Decimal(
        "3.333333"
    )


def row_of(page: str, product: str) -> str:
    """The whole `table-row-v2` block of one product."""
    block = next(part for part in page.split('<div role="listitem"')[1:] if f'data-product="{product}"' in part)
    return '<div role="listitem"' + block.partition("<!-- end -->")[0] + "<!-- end -->"


def test_a_copy_of_a_row_counts_once() -> None:
    row = row_of(PAGE, "nvidia-a100")
    copy = row.replace("kubernetes-gpu-pricing", "gpu-pricing-and-kubernetes-gpu-pricing")
    assert parsed_rows(PAGE.replace(row, row + copy)) == parsed_rows(PAGE)


def test_copies_that_disagree_are_both_refused() -> None:
    row = row_of(PAGE, "nvidia-a100")
    parsed = parse(PAGE.replace(row, row + row.replace("$21.60", "$22.00")).encode())
    assert parsed.rows.filter(parsed.rows["sku"] == "nvidia-a100").get_column("pricing").to_list() == ["spot"]
    assert parsed.rejects.select("raw_text", "reason").rows() == [
        ("$21.60", "copies of one row disagree"),
        ("$22.00", "copies of one row disagree"),
    ]


def test_a_row_outside_the_kubernetes_list_is_an_instance() -> None:
    row = row_of(PAGE, "nvidia-a100")
    assert parsed_rows(PAGE.replace(row, row.replace("kubernetes-gpu-pricing", "gpu-pricing")))[0][0] == "instance"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("<div>$42.00</div>", "<div>$41.00</div>", "two prices in one row"),
        ("$42.00", "$NaN", "the price is no amount in USD"),
        ("$42.00", "$-1", "the price is no amount in USD"),
        ("$42.00", "$1e12", "the price is no amount in USD"),
        ("$42.00", "\u20ac42.00", "the price is no amount in USD"),
        ("<div>4^1</div>", "<div>0</div>", "GPU count or VRAM is no whole number of whole GPUs"),
        ("<div>186</div>", "<div>a lot</div>", "GPU count or VRAM is no whole number of whole GPUs"),
        ('data-product="nvidia-gb200-nvl72"', "", "no product id in the first cell"),
        ("NVIDIA GB200 NVL72", "Something new", "no model number in the name"),
        ('<div class="table-v2-cell"><div>144</div></div>', "", "7 cells under 8 headers"),
        ("REGION: Europe", "Everywhere", "a GPU list without its region or one of its columns"),
    ],
)
def test_what_cannot_be_read_is_a_reject_with_its_reason(old: str, new: str, reason: str) -> None:
    assert old in PAGE
    parsed = parse(PAGE.replace(old, new).encode())
    assert parsed.rows.get_column("sku").unique().to_list() == ["nvidia-a100"]
    assert parsed.rejects.get_column("reason").unique().to_list() == [reason]


@pytest.mark.parametrize("body", [b"", b"Access denied", b"<html><title>Just a moment...</title></html>", b'{"a": 1}'])
def test_a_page_without_the_lists_is_an_error(body: bytes) -> None:
    with pytest.raises(ParseError):
        parse(body)


def test_a_renamed_column_is_an_error() -> None:
    with pytest.raises(ParseError, match="no price list"):
        parse(PAGE.replace("GPU Model", "Accelerator").encode())
    with pytest.raises(ParseError, match="one of its columns"):
        parse(PAGE.replace("On-Demand Price (Per Hour)", "Price").encode())
