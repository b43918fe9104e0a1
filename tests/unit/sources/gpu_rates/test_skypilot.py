"""SkyPilot's files: lines of several clouds as they stand in the public catalog, and what they may not become."""

from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.schema.gpu_rates import GpuRateObservation
from pipelines.sources.gpu_rates.addresses import skypilot_url
from pipelines.sources.gpu_rates.skypilot import parse_aws, parse_lambda, parse_runpod
from pipelines.sources.parsed import ParseError

PAGE = (Path(__file__).parents[3] / "pages" / "gpu_rates" / "skypilot.csv").read_text()
COLUMNS = ("sku", "gpu", "variant", "memory_gb", "gpu_count", "region", "usd_per_gpu_hour")
NOT_TOLD = "the memory of one card is not told"


def test_every_kind_of_line():
    """6.32 / 8 = 0.79 in all regions; 2.18 / 2 = 1.09 and 2.20 / 2 = 1.10 differ, so they stay; 19.2 / 8 = 2.4."""
    found = parse_lambda(PAGE.encode())
    GpuRateObservation.validate(found.rows)
    assert found.rows.select(COLUMNS).rows() == [
        ("gpu_8x_v100", "V100", "", 16, 8, "global", Decimal("0.79")),
        ("gpu_2x_a6000", "RTX A6000", "", 48, 2, "us-east-1", Decimal("1.09")),
        ("gpu_2x_a6000", "RTX A6000", "", 48, 2, "us-west-1", Decimal("1.10")),
        ("1x_A100-80GB_SECURE", "A100", "", 80, 1, "global", Decimal("1.39")),
        ("1H200.141S.44V", "H200", "", 141, 1, "global", Decimal("3.39")),
        ("n3-H100-SXM5x8", "H100", "SXM", 80, 8, "global", Decimal("2.4")),
    ]
    assert set(found.rows["pricing"]) == {"on_demand"}
    assert found.rejects.select("place", "reason").rows() == [("1B300.30V in FIN-03", NOT_TOLD)]


def test_a_cloud_with_regional_prices_keeps_its_regions():
    regions = parse_aws(PAGE.encode()).rows.filter(sku="gpu_8x_v100")["region"].to_list()
    assert regions == ["us-east-1", "us-west-1"]


def test_runpods_class_ends_the_name():
    rows = parse_runpod(PAGE.encode()).rows
    assert dict(rows.select("sku", "tier").rows())["1x_A100-80GB_SECURE"] == "secure"
    assert dict(rows.select("sku", "tier").rows())["1H200.141S.44V"] == "not_told"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("182.0,3.39", "182.0,NaN", "the price is no positive number"),
        ("182.0,3.39", "182.0,0", "the price is no positive number"),
        ("H200,1.0", "H200,0.5", "AcceleratorCount is no whole number of GPUs"),
        ("V,H200", "V,Ponte-Vecchio", "no model number in the name"),
        ("144384", "144385", NOT_TOLD),
    ],
)
def test_what_is_no_rate_is_a_reject(old, new, reason):
    found = parse_lambda(PAGE.replace(old, new).encode())
    assert found.rows.height == 5
    assert reason in found.rejects["reason"].to_list()


def test_a_least_bid_of_a_cent_breaks_the_row_rule():
    """A price of 0.01 once stood for a B200 in such a file; the bounds of the table refuse it."""
    found = parse_lambda(PAGE.replace("182.0,3.39", "182.0,0.01").encode())
    good, failure = GpuRateObservation.filter(found.rows)
    assert (good.height, len(failure)) == (5, 1)


@pytest.mark.parametrize(
    "body", ["", "404: Not Found", PAGE.replace("AcceleratorName", "Gpu"), PAGE.splitlines()[0] + "\n", PAGE[:-60]]
)
def test_a_body_that_is_no_such_file_is_an_error(body):
    with pytest.raises(ParseError):
        parse_lambda(body.encode())


def test_the_address_names_the_cloud():
    assert skypilot_url("lambda").endswith("/skypilot-catalog/master/catalogs/v8/lambda/vms.csv")
