"""Captured pages of GPU clouds. Expected rows were read and divided by hand; names are checked with a second index."""

import csv
import re
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.schema.gpu_rates import GpuRateObservation
from pipelines.sources.gpu_rates import crusoe, lambda_labs, nebius, vast
from pipelines.sources.parsed import Parsed, ParseError

SHARED = Path(__file__).parents[2].parent / "shared"
pytestmark = pytest.mark.skipif(not SHARED.exists(), reason="the captured pages are not on this machine")
OCTOBER = datetime(2026, 10, 1)


def capture(name: str) -> bytes:
    return (SHARED / "pages" / "gpu_rates" / name).read_bytes()


def vast_parsed() -> Parsed:
    """The capture holds the offers alone, with four of their fields."""
    return vast.parse(b'{"offers": ' + capture("vast_2026-09-29_excerpt.json") + b"}")


def golden(source: str) -> list[dict[str, str]]:
    with (SHARED / "golden" / "gpu_rates_2026-10-10.csv").open() as file:
        return [row for row in csv.DictReader(file) if row["source"] == source]


def test_vast_rows() -> None:
    """47 offers of 10 cards: the lowest per GPU, and how many offers there are, counted in the file."""
    parsed = vast_parsed()
    GpuRateObservation.validate(parsed.rows)
    assert parsed.rejects.is_empty()
    found = {
        (row["gpu"], row["variant"], row["memory_gb"]): (row["usd_per_gpu_hour"], row["printed"].split("; ")[1])
        for row in parsed.rows.to_dicts()
    }
    assert found == {
        ("B200", "", 180): (Decimal("6.251042"), "lowest of 7 offers"),
        ("H200", "", 141): (Decimal("2.633772"), "lowest of 7 offers"),
        ("H100", "SXM", 80): (Decimal("2.097422"), "lowest of 16 offers"),
        ("H100", "NVL", 94): (Decimal("2.268148"), "lowest of 4 offers"),
        ("H100", "PCIe", 80): (Decimal("1.935556"), "lowest of 3 offers"),
        ("A100", "SXM", 40): (Decimal("0.593889"), "lowest of 3 offers"),
        ("A100", "SXM", 80): (Decimal("1.082667"), "lowest of 2 offers"),
        ("A100", "PCIe", 80): (Decimal("1.002222"), "lowest of 1 offers"),
        ("A100", "PCIe", 40): (Decimal("0.735926"), "lowest of 1 offers"),
        ("L40S", "", 48): (Decimal("0.466852"), "lowest of 3 offers"),
    }
    assert set(parsed.rows.get_column("tier")) == {"unknown"}


def test_nebius_rows() -> None:
    """Seven sellable names x two columns, and seven preemptible ones; "Contact us" is none."""
    parsed = nebius.parse(capture("nebius_2026-09-29_excerpt.html"))
    GpuRateObservation.validate(parsed.rows)
    assert parsed.rejects.is_empty()
    assert parsed.rows.height == 21
    rates = {
        (row["sku"], row["pricing"], row["effective_from"]): (row["usd_per_gpu_hour"], row["price_kind"])
        for row in parsed.rows.to_dicts()
    }
    read_on_the_page = {
        ("NVIDIA HGX H100", "on_demand", None): ("3.85", "quoted"),
        ("NVIDIA HGX H100", "on_demand", OCTOBER): ("4.50", "quoted"),
        ("NVIDIA HGX H100", "spot", None): ("0.79", "from"),
        ("NVIDIA HGX B300", "on_demand", OCTOBER): ("9.50", "quoted"),
        ("NVIDIA RTX PRO 6000", "on_demand", OCTOBER): ("1.80", "quoted"),
        ("NVIDIA L40S with Intel CPU", "on_demand", None): ("1.55", "from"),
        ("NVIDIA L40S with AMD CPU", "spot", None): ("0.90", "from"),
    }
    assert {key: rates[key] for key in read_on_the_page} == {
        key: (Decimal(usd), kind) for key, (usd, kind) in read_on_the_page.items()
    }


def test_nebius_prices_announced_for_october_are_those_that_another_index_saw_in_october() -> None:
    announced = {
        row["sku"]: row["usd_per_gpu_hour"]
        for row in nebius.parse(capture("nebius_2026-09-29_excerpt.html")).rows.to_dicts()
        if row["effective_from"] == OCTOBER
    }
    seen = {row["sku"]: Decimal(row["usd_per_gpu_hour"]) for row in golden("nebius")}
    assert len(seen) == 4
    assert {sku: announced[sku] for sku in seen} == seen


def test_crusoe_rows() -> None:
    """The excerpt holds 14 models priced per token and four GPUs of dedicated endpoints: only these are rates."""
    parsed = crusoe.parse(capture("crusoe_2026-09-29_excerpt.html"))
    GpuRateObservation.validate(parsed.rows)
    assert parsed.rejects.is_empty()
    columns = ("tier", "sku", "gpu", "variant", "memory_gb", "usd_per_gpu_hour")
    assert parsed.rows.select(columns).rows() == [
        ("dedicated_endpoint", "NVIDIA H100 80GB HGX", "H100", "SXM", 80, Decimal("5.50")),
        ("dedicated_endpoint", "NVIDIA H200 141GB HGX", "H200", "SXM", 141, Decimal("6.00")),
        ("dedicated_endpoint", "NVIDIA B200 180GB HGX", "B200", "SXM", 180, Decimal("9.65")),
        ("dedicated_endpoint", "AMD MI355x 288GB", "MI355X", "", 288, Decimal("7.40")),
    ]
    assert {"NVIDIA H100 80GB HGX", "NVIDIA H200 141GB HGX"} <= {row["sku"] for row in golden("crusoe")}


def test_lambda_rows_outside_their_tabs_are_refused() -> None:
    """The excerpt leaves the tabs out, and without them nobody can tell 8 GPUs from 1."""
    with pytest.raises(ParseError, match="no tab tells how many GPUs"):
        lambda_labs.parse(capture("lambda_2026-09-16_excerpt.html"))


def test_lambda_rows_in_tabs() -> None:
    """The excerpt's own rows, each in the tab in which a second index shows its price."""
    rows = re.findall(r"<tr [^>]*data-plan.*?</tr>", capture("lambda_2026-09-16_excerpt.html").decode())
    h100_8x, h100_1x, v100, cluster, b200_8x, b200_4x = rows
    tabs = {8: h100_8x + v100 + b200_8x, 4: b200_4x, 1: h100_1x}
    page = "".join(
        f'<button id="tab-{count}">{count}x</button>'
        f'<div role="tabpanel" aria-labelledby="tab-{count}"><table>{body}</table></div>'
        for count, body in tabs.items()
    )
    parsed = lambda_labs.parse(f"{page}<table>{cluster}</table>".encode())
    GpuRateObservation.validate(parsed.rows)
    found = set(parsed.rows.select("gpu", "gpu_count", "usd_per_gpu_hour").rows())
    assert found == {
        ("H100", 8, Decimal("3.99")),
        ("H100", 1, Decimal("4.29")),
        ("B200", 8, Decimal("6.69")),
        ("B200", 4, Decimal("6.79")),
    }
    seen = {(row["gpu_model"], int(row["gpu_count"]), Decimal(row["usd_per_gpu_hour"])) for row in golden("lambda")}
    assert found <= seen
    assert parsed.rejects.get_column("raw_text").to_list() == ["2 weeks | $9.86"]
