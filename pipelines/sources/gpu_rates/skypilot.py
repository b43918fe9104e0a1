"""SkyPilot's catalog of one cloud (vms.csv) -> GPU rates, as a cross-check. The cloud stands in the address only.

`GpuInfo` is the text of a Python or JSON dictionary, or just a name; only the memory of one card is taken from it, and
only where the name does not tell it. A number under 1024 "MiB" is GB, as RunPod's rows have it. Google's file is not
read: its rows hold CPU and memory without the GPU. Nor are those of marketplaces and resellers.
"""

import csv
import io
import re
from collections.abc import Mapping
from decimal import Decimal

from pipelines.sources.gpu_rates.aggregator_rows import NOT_TOLD, Offer, add_offers
from pipelines.sources.gpu_rates.gpu_names import GpuName, read_gpu_name
from pipelines.sources.gpu_rates.rate_rows import new_collector
from pipelines.sources.parsed import Parsed, ParseError, price_or_none

MAX_LINES = 200_000
_NEEDED = ("InstanceType", "AcceleratorName", "AcceleratorCount", "GpuInfo", "Region", "Price")
_FULL_NAMES = {"A6000": "RTX A6000", "A4000": "RTX A4000", "RTX6000": "Quadro RTX 6000"}
_MEMORY = re.compile(r"""['"]SizeInMiB['"]: ?([0-9]{1,7})(?:\.0)?[,}]""")
_GB_IN_NAME = re.compile(r"\b([0-9]{1,4})G\b")


def parse_aws(body: bytes) -> Parsed:
    """AWS's file, by region."""
    return _parse("aws", body)


def parse_lambda(body: bytes) -> Parsed:
    """Lambda's file: each price is repeated for every region."""
    return _parse("lambda", body)


def parse_nebius(body: bytes) -> Parsed:
    """Nebius's file, which is kept by hand."""
    return _parse("nebius", body)


def parse_runpod(body: bytes) -> Parsed:
    """RunPod's file: the class, secure or community, ends the name of the instance."""
    return _parse("runpod", body)


def parse_verda(body: bytes) -> Parsed:
    """Verda's file, from its API."""
    return _parse("verda", body)


def _parse(provider: str, body: bytes) -> Parsed:
    """Rates in USD per GPU and hour on demand. Raises ParseError for a body that is no such file or has no rate."""
    try:
        lines = csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline=""), restval="", strict=True)
        rows = [row for row in lines if row["AcceleratorName"] and row["Price"]]
    except (UnicodeDecodeError, csv.Error, KeyError) as error:
        raise ParseError(f"no such CSV: {str(error)[:200]}") from error
    if not set(_NEEDED) <= set(lines.fieldnames or ()) or len(rows) > MAX_LINES:
        raise ParseError(f"not the columns {', '.join(_NEEDED)}")
    found = new_collector()
    offers = []
    for row in rows:
        try:
            offers.append(_offer(provider, row))
        except ValueError as error:
            found.reject(f"{row['InstanceType']} in {row['Region']}"[:200], str(row), str(error))
    add_offers(found, offers)
    return found.parsed()


def _offer(provider: str, row: Mapping[str, str]) -> Offer:
    name = read_gpu_name(_GB_IN_NAME.sub(r"\1GB", row["AcceleratorName"]))
    usd, count = price_or_none(row["Price"]), price_or_none(row["AcceleratorCount"])
    if usd is None or usd <= 0:
        raise ValueError("the price is no positive number")
    if count is None or not 0 < count <= 64 or count != int(count):
        raise ValueError("AcceleratorCount is no whole number of GPUs")
    return Offer(
        provider=provider,
        tier=_tier(provider, row["InstanceType"]),
        sku=row["InstanceType"][:200],
        gpu=_FULL_NAMES.get(name.gpu, name.gpu),
        variant=name.variant,
        memory_gb=_memory_gb(name, row["GpuInfo"]),
        gpu_count=int(count),
        region=row["Region"],
        usd_per_hour=usd,
    )


def _tier(provider: str, instance: str) -> str:
    last = instance.rpartition("_")[2].lower()
    return last if provider == "runpod" and last in ("secure", "community") else NOT_TOLD


def _memory_gb(name: GpuName, info: str) -> int:
    """GB of one card by its name, else by GpuInfo, where that is a whole number of GiB (which cards call GB)."""
    if name.memory_gb is not None:
        return name.memory_gb
    sizes = {Decimal(size) for size in _MEMORY.findall(info)}
    if len(sizes) == 1:
        (size,) = sizes
        memory_gb = size if size < 1024 else size / 1024
        if memory_gb == int(memory_gb) and memory_gb > 0:
            return int(memory_gb)
    raise ValueError("the memory of one card is not told")
