"""One dated table of The Full Stack's list of cloud GPUs (CSV, 2022 to 2025) -> GPU rates. Dates are not read here.

The table prints the price of an instance ("On-demand", "Spot") and its number of GPUs. Its own column "Per-GPU" only
serves to check: where it is not the instance price over the GPUs to within a cent, nothing tells which one holds.
The table names no tier and no region. Prices are in USD, which the table of 2022 still prints.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from io import StringIO
from typing import Any

from pipelines.sources.gpu_rates.gpu_names import GpuName, read_gpu_name
from pipelines.sources.gpu_rates.rate_rows import add_rate, new_collector
from pipelines.sources.parsed import Parsed, ParseError, RowCollector, price_or_none

NOT_TOLD = "not_told"
"""The tier of rates whose source does not say in which of its classes the provider sells them."""

_COLUMNS = ("Cloud", "GPU Type", "GPUs", "GPU RAM", "vCPUs", "RAM", "On-demand", "Per-GPU", "Spot", "Name")
_PROVIDERS = {
    "AWS": "aws", "Azure": "azure", "Baseten": "baseten", "CR8DL": "cr8dl", "Cudo Compute": "cudo",
    "Datacrunch": "verda", "Dataoorts": "dataoorts", "Exoscale": "exoscale", "FluidStack": "fluidstack",
    "GCP": "gcp", "Jarvislabs": "jarvislabs", "Lambda": "lambda", "Latitude.sh": "latitude",
    "NovoNimbus": "novonimbus", "OVHcloud": "ovhcloud", "Oblivus Cloud": "oblivus", "Oracle Cloud": "oracle",
    "Paperspace": "paperspace", "RunPod": "runpod",
}  # fmt: skip
"""Our names of the providers. DataCrunch calls itself Verda by now: one provider has one name over time."""
_FULL_NAMES = {
    "A4000": "RTX A4000", "A5000": "RTX A5000", "A6000": "RTX A6000", "3080Ti": "RTX 3080 Ti",
    "RTX4000": "Quadro RTX 4000", "RTX5000": "Quadro RTX 5000",
}  # fmt: skip
"""Short names of the table; its RTX4000 and RTX5000 are of the Turing generation, whose cards are called Quadro."""
_MEMORY = re.compile(r"\(([1-9][0-9]{0,3}) ?(?:GB)?\)")
_CENT = Decimal("0.01")
_SURPLUS = "surplus"
_Rate = dict[str, Any]


def parse(body: bytes) -> Parsed:
    """Rates in USD per GPU and hour: instance price over GPU count. Raises ParseError if it is not this table.

    Lines that are equal are one rate; lines of one instance at different prices are all refused.
    """
    try:
        lines = list(csv.DictReader(StringIO(body.decode("utf-8-sig")), restkey=_SURPLUS, restval=""))
    except (UnicodeDecodeError, csv.Error) as error:
        raise ParseError(f"not a CSV file: {error}") from error
    if not lines or not set(_COLUMNS) <= set(lines[0]):
        raise ParseError(f"not the columns {', '.join(_COLUMNS)}")
    found = new_collector()
    offers: dict[tuple[Any, ...], list[tuple[str, _Rate]]] = {}
    for number, line in enumerate(lines, start=2):
        place = f"line {number}: {line['Cloud']} {line['GPU Type']}"
        try:
            for rate in _line_rates(line):
                key = tuple(rate[name] for name in ("provider", "sku", "gpu", "variant", "memory_gb", "pricing"))
                offers.setdefault((*key, rate["gpu_count"]), []).append((place, rate))
        except ValueError as error:
            found.reject(place, ",".join(str(cell) for cell in line.values()), str(error))
    for copies in offers.values():
        _add_once(found, copies)
    return found.parsed()


def _line_rates(line: Mapping[str, str]) -> Iterator[_Rate]:
    """The on-demand and the spot rate of one line. Raises ValueError with the reason why it is none."""
    if _SURPLUS in line:
        raise ValueError("more cells than columns")
    if line["Cloud"] not in _PROVIDERS:
        raise ValueError("a provider that is not known")
    gpus = _whole(line["GPUs"], "GPUs")
    gpu = read_gpu_name(line["GPU Type"])
    name, memory_gb = _FULL_NAMES.get(gpu.gpu, gpu.gpu), _memory_gb(line, gpu, gpus)
    rate = {
        "provider": _PROVIDERS[line["Cloud"]],
        "tier": NOT_TOLD,
        "sku": line["Name"] or f"{gpus}x {name} {memory_gb} GB, {line['vCPUs']} vCPUs, {line['RAM']} GB RAM",
        "gpu": name,
        "variant": gpu.variant,
        "memory_gb": memory_gb,
        "gpu_count": gpus,
    }
    on_demand = _usd(line["On-demand"])
    if on_demand is None:
        raise ValueError("no instance price")
    per_gpu = _usd(line["Per-GPU"])
    if per_gpu is not None and abs(on_demand / gpus - per_gpu) > _CENT:
        raise ValueError("Per-GPU is not the instance price over the GPUs")
    yield rate | {"pricing": "on_demand", "per_gpu_hour": on_demand / gpus, "printed": line["On-demand"]}
    spot = _usd(line["Spot"])
    if spot is not None:
        yield rate | {"pricing": "spot", "per_gpu_hour": spot / gpus, "printed": line["Spot"]}


def _add_once(found: RowCollector, copies: list[tuple[str, _Rate]]) -> None:
    if all(rate["per_gpu_hour"] == copies[0][1]["per_gpu_hour"] for _, rate in copies):
        add_rate(found, **copies[0][1])
        return
    for place, rate in copies:
        found.reject(place, f"{rate['sku']}: {rate['printed']}", "one instance at different prices")


def _memory_gb(line: Mapping[str, str], gpu: GpuName, gpus: int) -> int:
    """Memory of one GPU by its name, else the instance's over its GPUs, where that is whole."""
    if found := _MEMORY.search(line["GPU Type"]):
        return int(found[1])
    memory_gb, rest = divmod(_whole(line["GPU RAM"], "GPU RAM"), gpus)
    if rest or gpu.memory_gb is not None:
        raise ValueError("the memory of one GPU is not told")
    return memory_gb


def _whole(text: str, column: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,4}", text):
        raise ValueError(f"{column} is no whole number")
    return int(text)


def _usd(text: str | None) -> Decimal | None:
    """An amount with or without a dollar sign; None for an empty cell. Raises ValueError for anything else."""
    if not text:
        return None
    amount = price_or_none(text.removeprefix("$"))
    if amount is None or amount <= 0:
        raise ValueError("a price that is no amount")
    return amount
