"""What is asked of a setup: the mean lengths of one request, and the latency that every user is to get."""

from dataclasses import dataclass
from decimal import Decimal

from pipelines.decisions.self_hosting.measured_table import Measurement


@dataclass(frozen=True)
class Goal:
    """What every user is to get. None: not asked for."""

    max_ttft_s: Decimal | None = None
    min_tok_s_per_user: Decimal | None = None

    def is_met_by(self, point: Measurement) -> bool:
        """A point that does not tell its latency meets no goal."""
        ttft, speed = point.ttft_s, point.tok_s_per_user
        is_soon = self.max_ttft_s is None or (ttft is not None and ttft <= self.max_ttft_s)
        return is_soon and (self.min_tok_s_per_user is None or (speed is not None and speed >= self.min_tok_s_per_user))

    def __str__(self) -> str:
        """The goal in words."""
        parts = [f"first token within {self.max_ttft_s} s"] if self.max_ttft_s is not None else []
        parts += [f"{self.min_tok_s_per_user} tokens/s per user"] if self.min_tok_s_per_user is not None else []
        return " and ".join(parts) or "no goal of latency"


@dataclass(frozen=True)
class Lengths:
    """Mean tokens of one request. `cached_tokens` are part of `input_tokens` and need no prefill."""

    input_tokens: int
    output_tokens: int
    cached_tokens: int = 0

    def __post_init__(self) -> None:
        """Raises ValueError for what is no request."""
        if self.input_tokens < 1 or self.output_tokens < 1 or not 0 <= self.cached_tokens <= self.input_tokens:
            raise ValueError(f"{self}: a request has input and output, and no more cached than input tokens")
