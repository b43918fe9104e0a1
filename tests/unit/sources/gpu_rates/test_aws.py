"""EC2's lists by region: own pages with the real fields; prices of p5 and g6e are those of 2026-10-10."""

import json
from decimal import Decimal
from pathlib import Path
from urllib.parse import unquote, urljoin

import pytest

from pipelines.schema.gpu_rates import GpuRateObservation
from pipelines.sources.gpu_rates import aws
from pipelines.sources.gpu_rates.addresses import AWS_REGIONS, aws_on_demand_url, aws_reserved_url, in_address
from pipelines.sources.gpu_rates.aws import parse
from pipelines.sources.parsed import ParseError

BODY = (Path(__file__).parents[3] / "pages" / "gpu_rates" / "aws.json").read_bytes()
COLUMNS = ("sku", "gpu", "variant", "memory_gb", "gpu_count", "region", "pricing", "term_months", "usd_per_gpu_hour")


def page(**changes):
    """The list of one region with one p5.48xlarge, some of its fields changed."""
    region = json.loads(BODY)[0]
    entries = region["regions"]["US East (N. Virginia)"]
    row = entries["p5 48xlarge US East N. Virginia Linux"] | changes
    region["regions"]["US East (N. Virginia)"] = {"p5": row, "g6e": entries["g6e 12xlarge US East N. Virginia Linux"]}
    return region


def parsed(document):
    return parse(json.dumps(document).encode())


def test_the_rows_of_two_regions():
    """55.04 / 8 = 6.88; 10.49264 / 4 = 2.62316; 92.4672 / 8 = 11.5584."""
    found = parse(BODY)
    GpuRateObservation.validate(found.rows)
    assert found.rows.select(COLUMNS).rows() == [
        ("p5.48xlarge", "H100", "SXM", 80, 8, "us-east-1", "on_demand", None, Decimal("6.88")),
        ("g6e.12xlarge", "L40S", "", 48, 4, "us-east-1", "on_demand", None, Decimal("2.62316")),
        ("p5.48xlarge", "H100", "SXM", 80, 8, "sa-east-1", "on_demand", None, Decimal("11.5584")),
    ]
    assert found.rejects.select("place", "reason").rows() == [
        ("p9.48xlarge in US East (N. Virginia)", "an instance type whose GPUs are not known")
    ]


@pytest.mark.parametrize(("length", "months"), [("1yr", 12), ("3 yr", 36)])
def test_a_reservation_without_payment_upfront_has_its_term(length, months):
    """37.4272 / 8 = 4.6784."""
    terms = {"LeaseContractLength": length, "PurchaseOption": "No Upfront", "riupfront:PricePerUnit": "0.0000000000"}
    found = parsed(page(**terms, price="37.4272000000", Tenancy="Shared"))
    GpuRateObservation.validate(found.rows)
    assert found.rows.select(COLUMNS[5:]).row(0) == ("us-east-1", "reserved", months, Decimal("4.6784"))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"price": "NaN"}, "the price is no positive number"),
        ({"price": "0.0000000000"}, "the price is no positive number"),
        ({"price": 55.04}, "the price is no positive number"),
        ({"Operating System": "Windows"}, "not Linux without preinstalled software on shared hardware"),
        ({"Tenancy": "Dedicated"}, "not Linux without preinstalled software on shared hardware"),
        ({"PurchaseOption": "All Upfront", "LeaseContractLength": "1yr"}, "a reservation with a payment upfront"),
        (
            {"PurchaseOption": "No Upfront", "LeaseContractLength": "1yr", "riupfront:PricePerUnit": "9"},
            "a reservation with a payment upfront",
        ),
        ({"PurchaseOption": "No Upfront", "LeaseContractLength": "2yr"}, "a reservation without a known term"),
    ],
)
def test_what_is_no_rate_is_a_reject_with_its_reason(changes, reason):
    found = parsed(page(**changes))
    assert found.rows["sku"].to_list() == ["g6e.12xlarge"]
    assert found.rejects["reason"].to_list() == [reason]


def test_two_prices_for_one_offer_are_both_refused_and_copies_count_once():
    assert parsed([page(), page()]).rows.height == 2
    found = parsed([page(), page(price="50.0000000000")])
    assert found.rows["sku"].to_list() == ["g6e.12xlarge"]
    assert found.rejects["reason"].to_list() == ["two prices for one offer"]


@pytest.mark.parametrize(
    "document",
    [
        [],
        {},
        {"regions": {}},
        page() | {"manifest": {"currencyCode": "EUR"}},
        page() | {"regions": {"Atlantis": {}}},
        page() | {"regions": {"US East (N. Virginia)": []}},
        page() | {"regions": {"US East (N. Virginia)": {}}},
    ],
)
def test_a_body_that_is_no_list_or_holds_no_rate_is_an_error(document):
    with pytest.raises(ParseError):
        parsed(document)


@pytest.mark.parametrize(
    ("first", "following"),
    [(aws_on_demand_url(), aws.next_region), (aws_reserved_url(3), aws.next_reserved_region)],
)
def test_the_lists_are_walked_region_by_region(first, following):
    """Each page leads to the list of the next region in the same kind of place; the last leads nowhere."""
    url, seen = first, []
    while url:
        location = next(name for name in AWS_REGIONS if f"/{name}/" in unquote(url))
        assert url == first.replace(in_address("US East (N. Virginia)"), in_address(location))
        seen.append(location)
        link = following(json.dumps({"manifest": {"currencyCode": "USD"}, "regions": {location: {}}}).encode())
        url = link and urljoin(url, link)
    assert seen == list(AWS_REGIONS)
