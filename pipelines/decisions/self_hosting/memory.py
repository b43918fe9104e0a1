"""How many cards a model needs: weights, KV cache by architecture, binary VRAM, tensor-parallel steps."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache
from math import ceil
from pathlib import Path

SHIPPED = Path(__file__).parent / "shipped"
TENSOR_PARALLEL = (1, 2, 4, 8, 16)
USABLE_SHARE = Decimal("0.9")
"""Part of VRAM that an engine takes for weights and KV cache; vLLM's default gpu_memory_utilization."""
BYTES_PER_PARAMETER: Mapping[str, Decimal] = {
    "bf16": Decimal(2),
    "fp16": Decimal(2),
    "fp8": Decimal(1),
    "int8": Decimal(1),
    "fp4": Decimal("0.5"),
    "mxfp4": Decimal("0.53125"),  # 4 bits and a scale of 8 bits for 32 of them
    "int4": Decimal("0.5"),
    "awq-int4": Decimal("0.5"),
    "awq": Decimal("0.5"),
    "4bit": Decimal("0.5"),
    "Q4_0": Decimal("0.5625"),  # blocks of 18 bytes for 32 weights
}
GIB = 2**30


@dataclass(frozen=True)
class OpenModel:
    """Sizes of an open model. KV bytes are of 16-bit entries; `kv_windowed_bytes` is the most per request."""

    model_id: str
    model: str
    parameters: int | None
    kv_bytes_per_token: int
    kv_windowed_bytes: int
    context: int
    source: str
    tier: str

    def weight_bytes(self, precision: str, overhead: Decimal = Decimal(0)) -> Fraction | None:
        """Bytes of the weights; None where parameters or the bytes of the precision are not known."""
        if self.parameters is None or precision not in BYTES_PER_PARAMETER:
            return None
        return weight_bytes(self.parameters, BYTES_PER_PARAMETER[precision], overhead)

    def kv_bytes(self, tokens_per_request: int, requests: int, bits: int = 16) -> Fraction:
        """KV cache of requests in flight at their mean length, all tokens counted, windowed layers at their most."""
        growing = self.kv_bytes_per_token * tokens_per_request
        return Fraction((growing + self.kv_windowed_bytes) * requests * bits, 16)


@dataclass(frozen=True)
class Cards:
    """Cards that hold a model and its KV cache: `raw` by memory alone, `tensor_parallel` as engines split it."""

    raw: int
    tensor_parallel: int


def weight_bytes(parameters: int, bytes_per_parameter: Decimal, overhead: Decimal = Decimal(0)) -> Fraction:
    """Bytes of all parameters, those of idle experts included; `overhead` as a share of them."""
    return parameters * Fraction(bytes_per_parameter) * (1 + Fraction(overhead))


def cards_needed(
    weights: Fraction, kv: Fraction, vram_bytes: int, usable_share: Decimal = USABLE_SHARE
) -> Cards | None:
    """Cards by memory. None where more than 16 would be needed: that is no longer one replica of one node or two.

    Raises ValueError for a card without memory.
    """
    if vram_bytes <= 0 or usable_share <= 0:
        raise ValueError("a card has memory, and some of it is usable")
    raw = max(1, ceil((weights + kv) / (vram_bytes * Fraction(usable_share))))
    fitting = [size for size in TENSOR_PARALLEL if size >= raw]
    return Cards(raw, fitting[0]) if fitting else None


def cards_for(model: OpenModel, precision: str, tokens_per_request: int, requests: int, vram: int) -> Cards | None:
    """Cards of `vram` bytes for a model and some requests at a time; None beyond 16, or where a size is not known."""
    weights = model.weight_bytes(precision)
    return None if weights is None else cards_needed(weights, model.kv_bytes(tokens_per_request, requests), vram)


@cache
def open_models() -> dict[str, OpenModel]:
    """Open models by the ids that throughput.csv and people use, in lower case."""
    with (SHIPPED / "open_models.csv").open(newline="") as text:
        rows = list(csv.DictReader(text))
    return {name.casefold(): _open_model(row) for row in rows for name in _names(row["model"])}


@cache
def vram_bytes() -> dict[tuple[str, str], int]:
    """(gpu, variant) -> bytes of one card as the driver reports them."""
    with (SHIPPED / "figures.csv").open(newline="") as text:
        rows = [row for row in csv.DictReader(text) if row["id"].startswith("vram-")]
    return {_card(row["id"].removeprefix("vram-")): int(row["value"]) for row in rows}


def _open_model(row: dict[str, str]) -> OpenModel:
    return OpenModel(
        row["id"],
        row["model"],
        int(row["total_params"]) if row["total_params"] else None,
        int(row["kv_bytes_per_token_16bit"]),
        int(row["kv_bytes_windowed_max_16bit"] or 0),
        int(row["context"]),
        row["source"],
        row["tier"],
    )


def _names(printed: str) -> list[str]:
    """'Llama-3.1-70B (= 3.3-70B)' and 'DeepSeek-V3 / R1 / V3.1' name several models."""
    first, _, rest = printed.replace(")", "").partition(" (= ")
    family = first.split("-")[0]
    names = [part.strip() for part in first.split(" / ")]
    full = [names[0], *(f"{family}-{name}" for name in names[1:])]
    full += [f"{family}-{rest}"] if rest else []
    return [*full, *(f"{name}-0528" for name in full if name == "DeepSeek-R1")]


def _card(written: str) -> tuple[str, str]:
    """'a100-sxm-80' -> (A100, SXM)."""
    name = written.removesuffix("-80")
    for end, variant in (("-sxm", "SXM"), ("-pcie", "PCIe")):
        if name.endswith(end):
            return name.removesuffix(end).upper(), variant
    superchip = {"gb200": ("GB200", "NVL72"), "gb300": ("GB300", "NVL72")}
    special = {"rtx-pro-6000": ("RTX PRO 6000", ""), "arc-pro-b60": ("Arc Pro B60", "")}
    return superchip.get(name) or special.get(name) or (name.upper(), "")
