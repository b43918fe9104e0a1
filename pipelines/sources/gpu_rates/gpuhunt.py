"""gpuhunt's public catalog of one provider (a ZIP with one CSV) -> GPU rates, as a cross-check.

A small text names the newest version and the ZIP lies below it, so the body is an array of two "pages": the version and
the ZIP. The CSV tells no currency (it is USD), no form factor (an H100 may be SXM or PCIe: never guessed), no date and
no commitment. Left out: spot, slices, prices in calendar mode ("dws" among the flags) and Google's edge appliances.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from decimal import Decimal

from pipelines.sources.gpu_rates.addresses import GPUHUNT_PROVIDERS
from pipelines.sources.gpu_rates.aggregator_rows import NOT_TOLD, Offer, add_offers
from pipelines.sources.gpu_rates.rate_rows import new_collector
from pipelines.sources.parsed import Parsed, ParseError, price_or_none

MAX_CSV_BYTES = 64 * 1024 * 1024
GPUS = {
    **{name: name for name in ("A100", "H100", "H200", "B200", "B300", "GB200", "L4", "L40", "L40S", "T4", "V100")},
    **{name: name for name in ("A10", "A10G", "MI300X")},
    "A6000": "RTX A6000",
    "RTXPRO6000": "RTX PRO 6000",
}
_NEEDED = ("instance_name", "location", "price", "gpu_count", "gpu_name", "gpu_memory", "spot")
_VERSION = re.compile(rb"[0-9]{8}(?:-[0-9]{1,9})?")
_BODY = re.compile(rb"\[\s*(" + _VERSION.pattern + rb")\s*,(.*)\]", re.DOTALL)
_ZIP_START = b"PK\x03\x04"
_ZONE = re.compile(r"(.+[0-9])-[a-z]")


def next_page(body: bytes) -> str | None:
    """From the version to its ZIP; nothing follows the ZIP. Raises ParseError for any other body."""
    if body.startswith(_ZIP_START):
        return None
    if not _VERSION.fullmatch(body.strip()):
        raise ParseError("no version of a catalog")
    return f"{body.strip().decode()}/catalog.zip"


def parse(body: bytes) -> Parsed:
    """Rates in USD per GPU and hour on demand, variant '' throughout. Raises ParseError for no such ZIP, or no rate."""
    found = new_collector()
    provider, rows = _rows(body)
    offers = []
    for number, row in enumerate(rows, start=2):
        if not row["gpu_name"] or _is_left_out(row):
            continue
        try:
            offers.append(_offer(provider, row))
        except ValueError as error:
            found.reject(f"line {number}: {row['instance_name']}"[:200], str(row), str(error))
    add_offers(found, offers)
    return found.parsed()


def _rows(body: bytes) -> tuple[str, Iterator[dict[str, str]]]:
    """Our name of the provider, and the lines of the one CSV in the ZIP."""
    if not (pages := _BODY.fullmatch(body)):
        raise ParseError("expected a version and a ZIP")
    try:
        archive = zipfile.ZipFile(io.BytesIO(pages[2]))
        members = [member for member in archive.infolist() if member.filename.endswith(".csv")]
        if len(members) != 1 or members[0].file_size > MAX_CSV_BYTES:
            raise ParseError("expected one CSV of bounded size in the ZIP")
        text = archive.read(members[0]).decode("utf-8-sig")
    except (zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError, EOFError) as error:
        raise ParseError(f"no readable ZIP: {str(error)[:200]}") from error
    provider = GPUHUNT_PROVIDERS.get(members[0].filename.rpartition("/")[2].removesuffix(".csv"))
    lines = csv.DictReader(io.StringIO(text, newline=""), restval="")
    if provider is None or not set(_NEEDED) <= set(lines.fieldnames or ()):
        raise ParseError(f"not the columns {', '.join(_NEEDED)} of a known provider")
    return provider, iter(lines)


def _is_left_out(row: Mapping[str, str]) -> bool:
    is_other_sale = "dws" in row.get("flags", "") or "edgegpu" in row["instance_name"]
    return row["spot"] != "False" or is_other_sale


def _offer(provider: str, row: Mapping[str, str]) -> Offer:
    if row["gpu_name"] not in GPUS:
        raise ValueError("a GPU name that is not known")
    usd, memory = price_or_none(row["price"]), price_or_none(row["gpu_memory"])
    count = price_or_none(row["gpu_count"])
    if usd is None or usd <= 0:
        raise ValueError("the price is no positive number")
    if count is None or not 0 < count <= 64 or count != int(count):
        raise ValueError("gpu_count is no whole number of GPUs")
    if memory is None or not Decimal(8) <= memory <= 1000 or memory != int(memory):
        raise ValueError("gpu_memory is no whole number of GB")
    location = row["location"]
    zone = _ZONE.fullmatch(location) if provider == "gcp" else None
    return Offer(
        provider=provider,
        tier=NOT_TOLD,
        sku=row["instance_name"][:200],
        gpu=GPUS[row["gpu_name"]],
        variant="",
        memory_gb=int(memory),
        gpu_count=int(count),
        region=zone[1] if zone else location,
        usd_per_hour=usd,
    )
