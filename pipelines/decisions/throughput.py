"""Published benchmarks and the capacity that is planned from them: what own GPUs can serve, not what they cost.

A figure holds for one engine version, precision and prompt length only: the same GPUs give 5.6 times less output with
prompts of 8,192 tokens than with 1,000. All are throughput at maximum load, which no latency goal would allow.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Any

Mix = Mapping[str, int]
"""Tokens by meter; only their proportion counts."""

LONG_PROMPT_FACTOR = 2
"""A mix with this many times more input per output than the benchmark is flagged: its capacity is overstated."""


@dataclass(frozen=True)
class Throughput:
    """One benchmark. `out_tok_s_per_gpu` counts output only, while prompts of `input_tokens` are processed too."""

    throughput_id: str
    model: str
    precision: str
    engine: str
    gpu: str
    variant: str
    gpus_per_replica: int
    input_tokens: int
    output_tokens: int
    out_tok_s_per_gpu: Decimal
    source: str


TENSORRT_LLM_SOURCE = "NVIDIA/TensorRT-LLM docs/source/developer-guide/perf-overview.md@03e27c7"

LLAMA_70B_SHORT = Throughput(
    throughput_id="trtllm-llama-3.3-70b-fp8-2xh100-1000-1000",
    model="Llama-3.3-70B",
    precision="fp8",
    engine="TensorRT-LLM",
    gpu="H100",
    variant="SXM",
    gpus_per_replica=2,
    input_tokens=1000,
    output_tokens=1000,
    out_tok_s_per_gpu=Decimal(2209),
    source=TENSORRT_LLM_SOURCE,
)
"""The reference of every break-even row unless the caller names another."""


@dataclass(frozen=True)
class Assumptions:
    """What no page tells. A month has 730 hours (8,760 / 12)."""

    throughput: Throughput = LLAMA_70B_SHORT
    max_utilisation: Decimal = Decimal("0.5")
    peak_factor: Decimal = Decimal(1)
    hours_per_month: int = 730
    engineering_usd_per_month: Decimal = Decimal(0)
    max_replicas: int = 16
    default_mix: Mix = field(default_factory=lambda: {"input_uncached": 500, "output": 300})


def tokens_per_replica(mix: Mix, assumptions: Assumptions) -> Fraction:
    """Tokens a month, input and output together, that one replica is planned to serve."""
    reference = assumptions.throughput
    out_per_month = reference.out_tok_s_per_gpu * reference.gpus_per_replica * 3600 * assumptions.hours_per_month
    planned = Fraction(out_per_month) * Fraction(assumptions.max_utilisation) / Fraction(assumptions.peak_factor)
    return planned * Fraction(sum(mix.values()), mix["output"])


def replicas_for(tokens: int, capacity: Fraction) -> int:
    """Replicas that serve a monthly volume; one even for none, because nodes are reserved."""
    return max(1, ceil(tokens / capacity))


def evidence(mix: Mix, assumptions: Assumptions) -> dict[str, Any]:
    """The benchmark and the assumptions, as columns of main.break_even."""
    reference = assumptions.throughput
    output = mix.get("output", 0)
    prompt = sum(mix.values()) - output
    return {
        "is_mix_beyond_reference": prompt * reference.output_tokens
        > LONG_PROMPT_FACTOR * reference.input_tokens * output,
        "throughput_id": reference.throughput_id,
        "throughput_source": reference.source,
        "out_tok_s_per_gpu": reference.out_tok_s_per_gpu,
        "gpus_per_replica": reference.gpus_per_replica,
        "max_utilisation": float(assumptions.max_utilisation),
        "peak_factor": float(assumptions.peak_factor),
        "hours_per_month": assumptions.hours_per_month,
        "engineering_usd_per_month": assumptions.engineering_usd_per_month,
        "max_replicas": assumptions.max_replicas,
    }
