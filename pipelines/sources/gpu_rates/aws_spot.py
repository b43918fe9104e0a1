"""AWS's list of spot prices of all regions (JSON, once JSONP) -> GPU rates. On demand and reserved are in `aws`.

It is what the page about spot prices reads. A price holds for a region of several zones, each with a price of its own,
and carries no date: one reader found it current, another in 2026-09 found families missing. So every row is a "from",
shown and never ranked. What is not offered is printed "N/A*". The first regions once had names without a number.
"""

from collections.abc import Iterator
from typing import Any

from pipelines.sources.gpu_rates.aws import GPU_FAMILY
from pipelines.sources.gpu_rates.instances import AWS
from pipelines.sources.gpu_rates.json_answers import read_json
from pipelines.sources.gpu_rates.rate_rows import add_rate, new_collector
from pipelines.sources.parsed import Parsed, ParseError, RowCollector, price_or_none

OLD_REGIONS = {
    "us-east": "us-east-1",
    "us-west": "us-west-1",
    "eu-ireland": "eu-west-1",
    "apac-sin": "ap-southeast-1",
    "apac-syd": "ap-southeast-2",
    "apac-tokyo": "ap-northeast-1",
}
_NOT_OFFERED = ("N/A", "N/A*")
_CALL = (b"callback(", b");")


def parse(body: bytes) -> Parsed:
    """Spot rates in USD per GPU and hour, one row per type and region: instance price of Linux over the GPU count.

    Raises ParseError for a body that is no such list, is not in USD by the hour, or yields no rate.
    """
    start, end = _CALL
    config = read_json(body.strip().removeprefix(start).removesuffix(end))
    config = config.get("config") if isinstance(config, dict) else None
    if not isinstance(config, dict) or config.get("rate") != "perhr" or config.get("currencies") != ["USD"]:
        raise ParseError("expected a config with prices in USD by the hour")
    found = new_collector()
    for region, size in _sizes(config):
        kind = size.get("size") if isinstance(size, dict) else None
        if isinstance(kind, str) and GPU_FAMILY.fullmatch(kind):
            try:
                _add(found, region, kind, size)
            except ValueError as error:
                found.reject(f"{kind} in {region}", str(size), str(error))
    return found.parsed()


def _sizes(config: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Region and entry of every instance size. Raises ParseError where the nesting is another."""
    try:
        for region in config["regions"]:
            name = str(region["region"])[:40]
            for family in region["instanceTypes"]:
                yield from ((OLD_REGIONS.get(name, name), size) for size in family["sizes"])
    except (KeyError, TypeError) as error:
        raise ParseError("expected regions with instanceTypes with sizes") from error


def _add(found: RowCollector, region: str, kind: str, size: dict[str, Any]) -> None:
    printed = _linux(size)
    if printed in _NOT_OFFERED:
        return
    instance, usd = AWS.get(kind), price_or_none(printed)
    if instance is None:
        raise ValueError("an instance type whose GPUs are not known")
    if usd is None or usd <= 0:
        raise ValueError("the price is no positive number")
    add_rate(
        found,
        usd / instance.gpu_count,
        printed=f"{printed} per hour",
        provider="aws",
        tier="shared",
        sku=kind,
        region=region,
        pricing="spot",
        price_kind="from",
        **instance._asdict(),
    )


def _linux(size: dict[str, Any]) -> str:
    """The one price of Linux. Raises ValueError where there is none, or several."""
    columns = size.get("valueColumns")
    if not isinstance(columns, list):
        raise ValueError("no valueColumns")
    prices = [column["prices"] for column in columns if isinstance(column, dict) and column.get("name") == "linux"]
    if len(prices) != 1 or not isinstance(prices[0], dict) or not isinstance(prices[0].get("USD"), str):
        raise ValueError("no single price of Linux in USD")
    return str(prices[0]["USD"])
