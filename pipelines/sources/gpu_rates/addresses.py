"""What is asked of APIs and catalogs of GPU rates, where that takes more than a line in `sources`.

Addresses that name a region, a provider or a cloud, and the bodies of queries. The answers are read by the parsers
beside it, which know from here what was asked.
"""

from typing import Any
from urllib.parse import quote

AWS_REGIONS = {
    "US East (N. Virginia)": "us-east-1",
    "US East (Ohio)": "us-east-2",
    "US West (Oregon)": "us-west-2",
    "Canada (Central)": "ca-central-1",
    "EU (Ireland)": "eu-west-1",
    "EU (London)": "eu-west-2",
    "EU (Frankfurt)": "eu-central-1",
    "EU (Stockholm)": "eu-north-1",
    "Asia Pacific (Tokyo)": "ap-northeast-1",
    "Asia Pacific (Seoul)": "ap-northeast-2",
    "Asia Pacific (Mumbai)": "ap-south-1",
    "Asia Pacific (Sydney)": "ap-southeast-2",
    "South America (Sao Paulo)": "sa-east-1",
}
_AWS_LISTS = "https://b0.p.awsstatic.com/pricing/2.0/meteredUnitMaps/ec2/USD/current"
_GPUHUNT = "https://dstack-gpu-pricing.s3.eu-west-1.amazonaws.com/v3"
GPUHUNT_PROVIDERS = {
    "aws": "aws",
    "azure": "azure",
    "gcp": "gcp",
    "lambdalabs": "lambda",
    "nebius": "nebius",
    "oci": "oracle",
    "runpod": "runpod",
    "verda": "verda",
}
"""gpuhunt's name of a provider, and ours."""
_SKYPILOT = "https://raw.githubusercontent.com/skypilot-org/skypilot-catalog/master/catalogs"
RUNPOD_QUERY = "query { gpuTypes { id displayName memoryInGb securePrice communityPrice } }"
VAST_QUERY: dict[str, Any] = {
    "rentable": {"eq": True},
    "external": {"eq": False},
    "gpu_name": {
        "in": ["B200", "H200", "H100 SXM", "H100 NVL", "H100 PCIE", "A100 SXM4", "A100 PCIE", "L40S", "MI300X"]
    },
    "order": [["dph_total", "asc"]],
    "type": "on-demand",
    "limit": 1000,
}
"""What is asked of the API. Without names it answers with the cheapest offers of all cards, and few of them."""


def aws_on_demand_url() -> str:
    """The address of the first region's list on demand; the others follow by `next_region`."""
    return f"{_AWS_LISTS}/ec2-ondemand-without-sec-sel/{in_address(next(iter(AWS_REGIONS)))}/Linux/index.json"


def aws_reserved_url(years: int) -> str:
    """The address of the first region's list of standard reservations without payment upfront."""
    terms = f"{years}%20year/No%20Upfront"
    return f"{_AWS_LISTS}/ec2-reservedinstance/{terms}/{in_address(next(iter(AWS_REGIONS)))}/Linux/Shared/index.json"


def in_address(location: str) -> str:
    """The name of a region as it stands in addresses."""
    return quote(location, safe="()")


def gpuhunt_version_url(name: str) -> str:
    """The address of the text that names the newest version of one provider's catalog."""
    return f"{_GPUHUNT}/{name}/version"


def skypilot_url(cloud: str) -> str:
    """The address of one cloud's file, in the newest form of the catalog that is kept for every cloud."""
    return f"{_SKYPILOT}/v8/{cloud}/vms.csv"
