"""The books: which columns identify a fact, which state it, and how far it may move in one step.

A book is data. How observations become versions is in `versions.py`, what is held back in `quarantine.py`.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import dataframely as dy

from pipelines.schema.exchange_rates import ExchangeRate, ExchangeRateObservation
from pipelines.schema.gpu_rates import GpuRate, GpuRateObservation
from pipelines.schema.lifecycles import LifecycleObservation, ModelLifecycle
from pipelines.schema.token_prices import TokenPrice, TokenPriceObservation


@dataclass(frozen=True)
class Book:
    """One versioned table below `core`."""

    table: str
    observation: type[dy.Schema]
    version: type[dy.Schema]
    id_column: str
    key: tuple[str, ...]
    facts: tuple[str, ...]
    amount: str | None = None
    """The price column that is held back when it moves beyond `bounds`; None where nothing is a price."""
    bounds: tuple[Decimal, Decimal] = (Decimal("0.5"), Decimal(2))
    """Smallest and largest plausible ratio of a new amount to the one before it."""
    warn_beyond: Decimal | None = None
    """A move by more than this share is entered at once, and a check says so."""


@dataclass(frozen=True)
class Reading:
    """Which statement is being entered: one fetched body of one source."""

    source: str
    fetch_id: str
    at: datetime
    """When the source said so, naive UTC."""
    is_approved: bool = False
    """Whether a person approved this very page against the plausibility checks."""


TOKEN_PRICES = Book(
    table="token_price",
    observation=TokenPriceObservation,
    version=TokenPrice,
    id_column="price_id",
    key=("provider", "channel", "region", "model", "meter", "service_tier", "context_from", "time_window"),
    facts=("usd_per_unit", "unit", "context_to", "currency", "basis"),
    amount="usd_per_unit",
)

GPU_RATES = Book(
    table="gpu_rate",
    observation=GpuRateObservation,
    version=GpuRate,
    id_column="rate_id",
    key=(
        "provider", "tier", "sku", "gpu", "variant", "memory_gb", "gpu_count", "gpu_fraction", "region", "pricing",
        "term_months",
    ),
    facts=("usd_per_gpu_hour", "local_per_gpu_hour", "currency", "price_kind", "is_sold_out", "minimum_seconds"),
    amount="local_per_gpu_hour",
    warn_beyond=Decimal("0.4"),
)  # fmt: skip

LIFECYCLES = Book(
    table="model_lifecycle",
    observation=LifecycleObservation,
    version=ModelLifecycle,
    id_column="lifecycle_id",
    key=("provider", "channel", "model", "version", "scope"),
    facts=(
        "state", "announced_on", "legacy_on", "price_change_on", "retires_on", "retires_precision", "retires_at",
        "outcome", "replacements",
    ),
)  # fmt: skip

EXCHANGE_RATES = Book(
    table="exchange_rate",
    observation=ExchangeRateObservation,
    version=ExchangeRate,
    id_column="exchange_rate_id",
    key=("currency",),
    # With its day among the facts, a rate that stays the same is still the rate of a later day.
    facts=("rate_on", "usd_per_currency"),
)

BOOKS = (TOKEN_PRICES, GPU_RATES, EXCHANGE_RATES, LIFECYCLES)
