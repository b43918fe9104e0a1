"""gpuhunt's catalog of one provider: its fourteen columns, made-up instances, and the traps of the real ones."""

import io
import zipfile
from decimal import Decimal

import pytest

from pipelines.schema.gpu_rates import GpuRateObservation
from pipelines.sources.gpu_rates.gpuhunt import next_page, parse
from pipelines.sources.parsed import ParseError

HEADER = (
    "instance_name,location,price,cpu,memory,gpu_count,gpu_name,gpu_memory,spot,disk_size,gpu_vendor,flags,cpu_arch,"
    "provider_data"
)
GCP = [
    "a3-highgpu-8g,us-central1-a,88.490002,208,1872.0,8,H100,80.0,False,,nvidia,,x86,",
    "a3-highgpu-8g,us-central1-b,88.490002,208,1872.0,8,H100,80.0,False,,nvidia,,x86,",
    "a3-highgpu-8g,us-central1-a,50.3153,208,1872.0,8,H100,80.0,True,,nvidia,,x86,",
    "a3-highgpu-8g,us-east4-a,43.79,208,1872.0,8,H100,80.0,False,,nvidia,gcp-dws-calendar-mode,x86,",
    "a3-edgegpu-8g,us-east4-a,88.4,208,1872.0,8,H100,80.0,False,,nvidia,,x86,",
    "n2-standard-2,us-central1-a,0.097,2,8.0,0,,,False,,,,x86,",
]


def body(lines, name="gcp.csv", header=HEADER, version="20260915-4711"):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(name, "\n".join([header, *lines, ""]))
    return f"[{version}\n,".encode() + packed.getvalue() + b"]"


def test_zones_of_one_price_are_one_region_and_other_sales_are_left_out():
    """88.490002 / 8 = 11.06125025."""
    found = parse(body(GCP))
    GpuRateObservation.validate(found.rows)
    columns = ("provider", "tier", "sku", "gpu", "variant", "memory_gb", "gpu_count", "region", "usd_per_gpu_hour")
    assert found.rows.select(columns).rows() == [
        ("gcp", "not_told", "a3-highgpu-8g", "H100", "", 80, 8, "us-central1", Decimal("11.06125"))
    ]
    assert found.rejects.is_empty()


def test_data_centres_of_one_price_are_one_offer():
    lines = [f"NVIDIA H100 80GB HBM3,{place},3.99,16,125,1,H100,80.0,False,,,,," for place in ("US-KS-2", "CA-MTL-1")]
    rows = parse(body(lines, name="runpod.csv")).rows
    assert rows.select("provider", "region", "usd_per_gpu_hour").rows() == [("runpod", "global", Decimal("3.99"))]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("us-central1-b,88.490002", "us-central1-b,90", "two prices for one offer"),
        ("us-central1-b,88.490002", "us-central1-b,nan", "the price is no positive number"),
        ("us-central1-b,88.490002", "us-central1-b,0", "the price is no positive number"),
        ("8,H100,80.0,False,,nvidia,,x86,", "8,Gaudi2,96.0,False,,intel,,x86,", "a GPU name that is not known"),
        ("8,H100,80.0,False,,nvidia,,x86,", "8,H100,,False,,nvidia,,x86,", "gpu_memory is no whole number of GB"),
        (
            "8,H100,80.0,False,,nvidia,,x86,",
            "0.5,H100,80.0,False,,nvidia,,x86,",
            "gpu_count is no whole number of GPUs",
        ),
    ],
)
def test_what_is_no_rate_is_a_reject(old, new, reason):
    lines = [*GCP[:1], GCP[1].replace(old, new), "g2-standard-4,us-west1-a,0.70,4,16,1,L4,24.0,False,,,,,"]
    found = parse(body(lines))
    assert "g2-standard-4" in found.rows["sku"].to_list()
    assert found.rejects["reason"].to_list() == [reason]


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"[20260915-4711]",
        b"[20260915-4711,not a zip]",
        body(GCP)[:-200] + b"]",
        body(GCP, name="unheard_of.csv"),
        body(GCP, header=HEADER.replace("gpu_name", "gpu")),
        body(GCP[3:]),
        body(GCP, version="<html>"),
    ],
)
def test_a_body_that_is_no_catalog_is_an_error(answer):
    with pytest.raises(ParseError):
        parse(answer)


def test_the_version_leads_to_its_catalog_and_the_catalog_to_nothing():
    assert next_page(b"20260915-4711\n") == "20260915-4711/catalog.zip"
    assert next_page(b"PK\x03\x04...") is None
    with pytest.raises(ParseError):
        next_page(b"../../elsewhere")
