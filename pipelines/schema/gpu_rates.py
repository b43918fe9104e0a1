"""core.gpu_rate: every version of every GPU rental rate, per GPU and hour, and the marts built on it."""

from decimal import Decimal

import dataframely as dy
import polars as pl

from pipelines.schema.columns import (
    MAX_USD_PER_GPU_HOUR,
    MIN_USD_PER_GPU_HOUR,
    choice,
    count,
    day,
    flag,
    instant,
    price,
    ratio,
    text,
)
from pipelines.schema.exchange_rates import usd_per_currency
from pipelines.schema.versions import Version


class GpuRateObservation(dy.Schema):
    """One rental rate as one source printed it at one moment."""

    provider = text("who rents it out: runpod, coreweave, ...")
    tier = text("the provider's own class: secure, community, kubernetes, ...")
    sku = text("the provider's own name of what is rented", max_length=200)
    gpu = text("GPU model without form factor or memory: H100, A100, RTX 4090")
    variant = text("form factor where the source tells it: SXM, PCIe, NVL, NVL72; '' if not told", min_length=0)
    memory_gb = count("memory of one whole GPU", unit="GB")
    gpu_count = count("GPUs in the smallest thing rented", unit="GPUs")
    gpu_fraction = dy.Decimal(
        9,
        6,
        description="share of one GPU that is rented; under 1 for MIG slices, never ranked with whole cards",
        min_exclusive=Decimal(0),
        max=Decimal(1),
        metadata={"unit": "1"},
    )
    region = text("where the rate holds; 'global' where the source names no region")
    pricing = choice("commitment", ("on_demand", "spot", "reserved"))
    term_months = count("length of the commitment", unit="months", nullable=True)
    usd_per_gpu_hour = price(
        "rate of one GPU for one hour; NULL where it is printed in another currency",
        unit="USD per GPU and hour",
        nullable=True,
        min=MIN_USD_PER_GPU_HOUR,
        max=MAX_USD_PER_GPU_HOUR,
    )
    local_per_gpu_hour = price(
        "the rate in the currency in which it is printed",
        unit="currency per GPU and hour",
        min=MIN_USD_PER_GPU_HOUR,
        max=MAX_USD_PER_GPU_HOUR,
    )
    price_kind = choice("quoted: what is billed; from: a teaser that starts there", ("quoted", "from"))
    currency = choice("currency of the printed rate", ("USD", "EUR"))
    is_sold_out = flag("the source says that none is to be had now; NULL where it does not tell", nullable=True)
    minimum_seconds = count("shortest time that is billed; NULL where not told", unit="seconds", nullable=True)
    printed = text("the text that the source printed", max_length=300)
    effective_from = instant("start of validity, where the source announces one", nullable=True)

    @dy.rule()
    def dollars_are_dollars(cls) -> pl.Expr:
        """A printed dollar rate is the rate; another currency is never taken for dollars."""
        same = cls.usd_per_gpu_hour.col.eq_missing(cls.local_per_gpu_hour.col)
        return pl.when(cls.currency.col == "USD").then(same).otherwise(cls.usd_per_gpu_hour.col.is_null())

    @dy.rule()
    def reserved_has_term(cls) -> pl.Expr:
        """A commitment without its length cannot be compared."""
        return (cls.pricing.col == "reserved") == cls.term_months.col.is_not_null()

    @dy.rule()
    def spot_is_under_on_demand(cls) -> pl.Expr:
        """Of one offer in one region; a spot rate that is not cheaper is a copy or a mistake of the source."""
        rate = cls.local_per_gpu_hour.col
        offer = ("provider", "tier", "sku", "gpu", "variant", "memory_gb", "gpu_count", "gpu_fraction", "region")
        on_demand = rate.filter(cls.pricing.col == "on_demand").max().over(*offer, "currency")
        return (cls.pricing.col != "spot") | on_demand.is_null() | (rate < on_demand)


class GpuRate(GpuRateObservation, Version):
    """One version of one rate: grain provider, tier, sku, GPU and variant, count, region, pricing, interval."""

    rate_id = text("identity of this version; break-even rows refer to it")


class GpuRateCurrent(dy.Schema):
    """The rates that sources print now: grain rate_id."""

    provider = text("who rents it out")
    tier = text("the provider's own class")
    sku = text("the provider's own name of what is rented")
    gpu = text("GPU model")
    variant = text("form factor; '' if not told", min_length=0)
    memory_gb = count("memory of one whole GPU", unit="GB")
    gpu_count = count("GPUs in the smallest thing rented", unit="GPUs")
    gpu_fraction = dy.Decimal(9, 6, description="share of one GPU that is rented", metadata={"unit": "1"})
    region = text("where the rate holds")
    pricing = text("on_demand, spot or reserved")
    term_months = count("length of the commitment", unit="months", nullable=True)
    usd_per_gpu_hour = price(
        "rate; converted where it is printed in another currency, NULL without a reference rate of that day",
        unit="USD per GPU and hour",
        nullable=True,
    )
    local_per_gpu_hour = price("rate as it is printed", unit="currency per GPU and hour")
    currency = text("currency of the printed rate")
    fx_rate_on = day("day of the reference rate now that converts it; NULL for USD", nullable=True)
    usd_per_currency = usd_per_currency("that rate, from core.exchange_rate; NULL for USD", nullable=True)
    price_kind = text("quoted or from")
    is_sold_out = flag("the source says that none is to be had; NULL where it does not tell", nullable=True)
    since = instant("since when this rate holds")
    age_days = count("days since the source was last read with success; NULL if never", unit="days", nullable=True)
    source = text("key of the source")
    standing = text("page: the provider's own; api: its API; aggregator: a third party that repeats it", nullable=True)
    is_offer = flag("whether it counts as an offer; an aggregator does only where no other source has the provider")
    url = text("the page", nullable=True)
    rate_id = text("the version in core.gpu_rate")


class GpuRateHistory(dy.Schema):
    """Every rate over time as it is known now, each beside the one before it: grain rate_id."""

    provider = text("who rents it out")
    tier = text("the provider's own class")
    sku = text("the provider's own name of what is rented")
    gpu = text("GPU model")
    variant = text("form factor; '' if not told", min_length=0)
    memory_gb = count("memory of one whole GPU", unit="GB")
    gpu_count = count("GPUs in the smallest thing rented", unit="GPUs")
    gpu_fraction = dy.Decimal(9, 6, description="share of one GPU that is rented", metadata={"unit": "1"})
    region = text("where the rate holds")
    pricing = text("on_demand, spot or reserved")
    term_months = count("length of the commitment", unit="months", nullable=True)
    valid_from = instant("first moment at which it holds")
    valid_to = instant("moment from which it no longer holds; NULL while it does", nullable=True)
    known_from = instant("since when the warehouse knows")
    usd_per_gpu_hour = price(
        "rate; converted where it is printed in another currency, NULL without a reference rate of that day",
        unit="USD per GPU and hour",
        nullable=True,
    )
    local_per_gpu_hour = price("rate as it is printed", unit="currency per GPU and hour")
    currency = text("currency of the printed rate")
    fx_rate_on = day("day of the reference rate at valid_from that converts it; NULL for USD", nullable=True)
    usd_per_currency = usd_per_currency("that rate, from core.exchange_rate; NULL for USD", nullable=True)
    old_local_per_gpu_hour = price(
        "the rate before it, in the same currency; NULL for the first one", unit="currency per GPU and hour",
        nullable=True,
    )  # fmt: skip
    pct_change = ratio("against the rate before it", unit="%")
    price_kind = text("quoted or from")
    is_sold_out = flag("the source says that none is to be had; NULL where it does not tell", nullable=True)
    is_listed = flag("whether the source still prints it")
    source = text("key of the source")
    url = text("the page", nullable=True)
    fetch_id = text("the fetch whose page shows it")
    rate_id = text("the version in core.gpu_rate")


class GpuRateSpread(dy.Schema):
    """How far providers lie apart now for one card: grain gpu, variant, memory_gb, pricing, term_months.

    Of whole cards at quoted offers, in USD or converted, that are not sold out. The least and the greatest are over all
    rates; the median is over providers, of the cheapest rate of each, so that one with many regions has one voice.
    """

    gpu = text("GPU model")
    variant = text("form factor; '' if not told", min_length=0)
    memory_gb = count("memory of one GPU", unit="GB")
    pricing = text("on_demand, spot or reserved")
    term_months = count("length of the commitment", unit="months", nullable=True)
    provider_count = count("providers that print a rate", unit="providers")
    min_usd_per_gpu_hour = price("least rate", unit="USD per GPU and hour")
    median_usd_per_gpu_hour = price("median of the providers' cheapest rates", unit="USD per GPU and hour")
    max_usd_per_gpu_hour = price("greatest rate", unit="USD per GPU and hour")
    max_to_min_ratio = ratio("greatest over least", nullable=False)
    fx_rate_on = day("day of the oldest reference rate that converted any; NULL if all are in USD", nullable=True)
    cheapest_provider = text("who prints the least rate")
    cheapest_region = text("where")
    dearest_provider = text("who prints the greatest rate")
    dearest_region = text("where")


class GpuRateConflict(dy.Schema):
    """Where an aggregator's rate differs from what the provider prints now: grain other_rate_id."""

    provider = text("who rents it out")
    gpu = text("GPU model")
    variant = text("form factor of the provider's rate; '' if not told", min_length=0)
    memory_gb = count("memory of one GPU", unit="GB")
    gpu_count = count("GPUs in the smallest thing rented", unit="GPUs")
    region = text("where the rate holds")
    believed_source = text("key of the provider's own source")
    believed_tier = text("the provider's own class")
    believed_sku = text("the provider's own name of what is rented")
    believed_usd_per_gpu_hour = price("what the provider prints; of several the nearest", unit="USD per GPU and hour")
    believed_since = instant("since when")
    own_rate_count = count("different rates of the provider that the aggregator may mean", unit="rates")
    other_source = text("key of the aggregator")
    other_tier = text("its word for the class, or not_told")
    other_sku = text("its name of what is rented")
    other_usd_per_gpu_hour = price("what the aggregator prints", unit="USD per GPU and hour")
    other_since = instant("since when it has been printing this")
    pct_difference = ratio("other against the provider's", unit="%", nullable=False)
    likely_cause = choice(
        "rounding: by at most 0.0005; older: what the provider printed before; other form factor or tier: it may mean "
        "several rates and fits none",
        ("rounding", "older", "other form factor or tier", "unknown"),
    )
    believed_rate_id = text("the provider's version in core.gpu_rate")
    other_rate_id = text("the other version in core.gpu_rate")
