"""What the parsers of GPU rates share: one rate as a row, with its currency. Pages are read elsewhere."""

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from pipelines.schema.gpu_rates import GpuRateObservation
from pipelines.sources.gpu_rates.card_memory import is_size_of
from pipelines.sources.parsed import RowCollector

STEP = Decimal("0.000001")
MAX_PRINTED = 300


def new_collector() -> RowCollector:
    """A collector of GPU rates."""
    return RowCollector(GpuRateObservation)


def add_rate(found: RowCollector, per_gpu_hour: Decimal, *, currency: str = "USD", printed: str, **row: Any) -> None:
    """Add one rate per GPU and hour in the currency in which it is printed; only USD is USD, nothing is converted.

    Columns left out: tier "standard", variant "", one whole GPU, region 'global', on demand, quoted. A card of a size
    that it is not made in is refused: its size or its name is wrong.
    """
    gpu, memory_gb = row.get("gpu"), row.get("memory_gb")
    if row.get("gpu_fraction", 1) == 1 and memory_gb is not None and not is_size_of(str(gpu), int(memory_gb)):
        found.reject(str(gpu), printed, f"no {gpu} has {memory_gb} GB")
        return
    amount = per_gpu_hour.quantize(STEP, ROUND_HALF_EVEN)
    defaults: dict[str, Any] = {
        "tier": "standard",
        "variant": "",
        "gpu_count": 1,
        "gpu_fraction": Decimal(1),
        "region": "global",
        "pricing": "on_demand",
        "price_kind": "quoted",
    }
    found.add(
        **defaults
        | row
        | {
            "usd_per_gpu_hour": amount if currency == "USD" else None,
            "local_per_gpu_hour": amount,
            "currency": currency,
            "printed": printed[:MAX_PRINTED],
        }
    )
