"""Google's SKUs: public wordings and prices of us-central1; sums by hand, four of them known as whole prices too."""

import json
from decimal import Decimal

import pytest

from pipelines.schema.gpu_rates import GpuRateObservation
from pipelines.sources.gpu_rates.gcp import next_page, parse
from pipelines.sources.parsed import ParseError

A100, A100_80, L4 = "Nvidia Tesla A100 GPU", "Nvidia Tesla A100 80GB GPU", "Nvidia L4 GPU"
UNITS = {"GPU": "h", "CPU": "h", "RAM": "GiBy.h", "LocalSSD": "GiBy.mo"}


def sku(description, group, usd, usage="OnDemand", regions=("us-central1",), **expression):
    units, nanos = divmod(int(Decimal(usd) * 10**9), 10**9)
    price = {"currencyCode": "USD", "units": str(units), "nanos": nanos}
    rates = {"usageUnit": UNITS[group], "tieredRates": [{"startUsageAmount": 0, "unitPrice": price}]} | expression
    return {
        "description": description,
        "category": {"resourceFamily": "Compute", "resourceGroup": group, "usageType": usage},
        "serviceRegions": list(regions),
        "pricingInfo": [{"pricingExpression": rates, "effectiveTime": "2026-10-10T00:00:00Z"}],
    }


A2 = [
    sku("A2 Instance Core running in Americas", "CPU", "0.031611"),
    sku("A2 Instance Ram running in Americas", "RAM", "0.004237"),
    sku(f"{A100} running in Americas", "GPU", "2.933908"),
    sku(f"{A100_80} running in Americas", "GPU", "3.928080"),
    sku("SSD backed Local Storage", "LocalSSD", "0.08"),
]
G2_SPOT = [
    sku("Spot Preemptible G2 Instance Core running in Americas", "CPU", "0.01", "Preemptible"),
    sku("Spot Preemptible G2 Instance Ram running in Americas", "RAM", "0.001", "Preemptible"),
    sku(f"{L4} attached to Spot Preemptible VMs running in Americas", "GPU", "0.224", "OnDemand"),
]


def parsed(*skus):
    return parse(json.dumps([{"skus": list(skus), "nextPageToken": ""}]).encode())


def rates(found):
    GpuRateObservation.validate(found.rows)
    columns = ("sku", "region", "pricing", "usd_per_gpu_hour")
    return {(name, region, pricing): usd for name, region, pricing, usd in found.rows.select(columns).rows()}


def test_a_machine_is_the_sum_of_its_parts():
    """Google's own prices of the machines, over their GPUs: 3.6734; 55.7395 / 16 = 3.4837; 10.1376 / 2 = 5.0688.

    a2-ultragpu-2g: 24 x 0.031611 + 340 x 0.004237 + 2 x 3.92808 + 750 x 0.08 / 730 = 10.137596.
    """
    found = rates(parsed(*A2))
    assert len(found) == 9
    place = ("us-central1", "on_demand")
    assert round(found[("a2-highgpu-1g", *place)], 4) == Decimal("3.6734")
    assert round(found[("a2-megagpu-16g", *place)], 4) == Decimal("3.4837")
    assert found[("a2-ultragpu-2g", *place)] == Decimal("5.068798")


def test_the_gpu_of_a_machine_is_told_apart():
    columns = ("sku", "gpu", "variant", "memory_gb", "gpu_count")
    found = parsed(*A2).rows.select(columns).rows()
    assert ("a2-highgpu-8g", "A100", "SXM", 40, 8) in found
    assert ("a2-ultragpu-8g", "A100", "SXM", 80, 8) in found


def test_an_h100_machine_with_its_ssd():
    """CPU and memory of a3-highgpu-8g cost 9.46006; with 8 x 9.796551 and 6000 x 0.08 / 730 that is Google's 88.49.

    The core at 0.0255 leaves (9.46006 - 208 x 0.0255) / 1872 = 0.0022201175 for a GB; 88.490002 / 8 = 11.061250.
    """
    a3 = [
        sku("A3 Instance Core running in Americas", "CPU", "0.0255"),
        sku("A3 Instance Ram running in Americas", "RAM", "0.002220118"),
        sku("Nvidia H100 80GB GPU running in Americas", "GPU", "9.796551"),
        A2[-1],
    ]
    assert rates(parsed(*a3)) == {("a3-highgpu-8g", "us-central1", "on_demand"): Decimal("11.061250")}


def test_spot_is_told_by_the_wording():
    """0.224 + 4 x 0.01 + 16 x 0.001 = 0.28, though the GPU is filed under on demand."""
    found = rates(parsed(*A2, *G2_SPOT))
    assert found[("g2-standard-4", "us-central1", "spot")] == Decimal("0.28")
    assert {pricing for name, _, pricing in found if name.startswith("g2")} == {"spot"}


def test_the_h100_of_a3_mega_is_not_the_plain_one():
    """8 x 10.344276 + 208 x 0.026924 + 1872 x 0.002344 + 6000 x 0.08 / 730 = 93.399902, / 8 = 11.674988."""
    mega = [
        sku("A3Plus Instance Core running in Americas", "CPU", "0.026924"),
        sku("A3Plus Instance Ram running in Americas", "RAM", "0.002344"),
        sku("Nvidia H100 80GB Plus GPU running in Americas", "GPU", "10.344276"),
        sku("Nvidia H100 80GB GPU running in Americas", "GPU", "9.796551"),
        A2[-1],
    ]
    assert rates(parsed(*mega)) == {("a3-megagpu-8g", "us-central1", "on_demand"): Decimal("11.674988")}


@pytest.mark.parametrize(
    "other",
    [
        sku("Reserved Nvidia H100 80GB Mega GPU in Americas in Calendar Mode", "GPU", "4.841121"),
        sku(f"{A100} attached to DWS Defined Duration VMs running in Americas", "GPU", "1.2"),
        sku(f"{A100} attached to Sole Tenancy VMs running in Americas", "GPU", "1.2"),
        sku(f"Commitment v1: {A100} running in Americas for 3 Years", "GPU", "1.0", "Commit3Yr"),
        sku("N1 Predefined Instance Core running in Americas", "CPU", "0.03"),
        sku("SSD backed Local Storage attached to DWS Defined Duration VMs", "LocalSSD", "0.04"),
    ],
)
def test_parts_of_other_sales_and_machines_make_no_difference(other):
    found = parsed(*A2, other)
    assert rates(found) == rates(parsed(*A2))
    assert found.rejects.is_empty()


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (sku("A4 Nvidia B200 (1 gpu slice) running in Americas", "GPU", "16.11"), "a GPU whose machines are not known"),
        (sku("H200 141GB GPU running in Americas", "GPU", "10.5"), "a GPU whose machines are not known"),
        (sku(f"{A100} running in Tokyo", "GPU", "9", usageUnit="mo"), "no price in USD by the unit of the part"),
        (sku(f"{A100} running in Tokyo", "GPU", "9", tieredRates=[]), "no single price"),
        (sku(f"{A100} running in Americas", "GPU", "0", regions=["asia-x1"]), "two prices of one part, or none"),
    ],
)
def test_what_is_not_known_is_a_reject(other, reason):
    found = parsed(*A2, other)
    assert len(rates(found)) == 9
    assert [text.startswith(reason) for text in found.rejects["reason"]] == [True]


def test_two_prices_of_one_part_in_a_region_leave_its_machines_out_there():
    found = parsed(*A2, sku(f"{A100} running in Iowa", "GPU", "3.1", regions=["us-central1", "us-west1"]))
    assert {name for name, _, _ in rates(found)} == {f"a2-ultragpu-{count}g" for count in (1, 2, 4, 8)}
    assert found.rejects["reason"].to_list() == ["two prices of one part, or none"]


@pytest.mark.parametrize("document", [{}, [], {"skus": {}}, {"skus": A2[:2]}, {"error": {"code": 403}}])
def test_a_body_that_is_no_such_list_is_an_error(document):
    with pytest.raises(ParseError):
        parse(json.dumps(document).encode())


def test_the_pages_follow_by_token():
    assert next_page(json.dumps({"skus": [], "nextPageToken": "a=b"}).encode()) == (
        "?currencyCode=USD&pageSize=5000&pageToken=a%3Db"
    )
    assert next_page(json.dumps({"skus": [], "nextPageToken": ""}).encode()) is None
