"""Machines that a scenario states: what they cost, what they give, how full they may run. In place of all listed ones.

For what nobody has published: an offer in hand, a benchmark of one's own, a machine at a desk.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from pipelines.decisions.api_bill import Load
from pipelines.decisions.self_hosting.capacity import replica_seconds
from pipelines.decisions.self_hosting.options import Option
from pipelines.decisions.self_hosting.ownership import own_mac
from pipelines.decisions.self_hosting.throughput import Serving
from pipelines.decisions.setting import Amount, Count, Share, key

STATED = "stated in the scenario"
CARD = ("stated", "")


@dataclass(frozen=True, kw_only=True)
class StatedMachine:
    """The keys of a scenario that state a machine. None: not stated."""

    gpu_usd_per_hour: Decimal | None = key(
        Amount(), "rate of one rented GPU, all hours of the month", unit="USD per hour", default=None
    )
    machine_usd: Decimal | None = key(
        Amount(), "price of one machine that is bought, one GPU each", unit="USD", default=None
    )
    machine_life_months: int = key(
        Count(1, 240),
        "months over which that machine is paid off",
        unit="months",
        default=36,
        source="article 'Running an AI model is cheap until it is not': three years",
    )
    machine_watts: Decimal = key(Amount(), "power that the machine draws, all hours", unit="W", default=Decimal(0))
    power_usd_per_kwh: Decimal = key(
        Amount(),
        "price of its power",
        unit="USD per kWh",
        default=Decimal("0.146"),
        source="EIA Electric Power Monthly 5.6.A, commercial, United States",
        on=date(2026, 4, 26),
    )
    gpus_per_replica: int = key(Count(1, 1024), "GPUs that serve one copy of the model", unit="GPUs", default=1)
    gpu_output_tokens_per_second: Decimal | None = key(
        Amount(above=0), "output of one GPU at full load, prompts included", unit="tokens per second", default=None
    )
    gpu_input_tokens_per_second: Decimal | None = key(
        Amount(above=0),
        "prompt tokens that one GPU reads, where prompts and answers are worked on one after the other",
        unit="tokens per second",
        default=None,
    )
    max_utilisation_share: Decimal | None = key(
        Share(above=0), "part of full load that is planned with; by queueing where not stated", unit="1", default=None
    )
    max_replicas: int = key(
        Count(1, 1000),
        "replicas that are considered",
        unit="replicas",
        default=32,
        source="definition: beyond it the answer is unknown",
    )


def stated_machine(stated: StatedMachine, load: Load | None) -> tuple[tuple[Option, Serving], ...]:
    """The machine of a scenario with what it serves of its workload; none where it states none."""
    if load is None or stated.gpu_output_tokens_per_second is None:
        return ()
    rates = (stated.gpu_input_tokens_per_second, stated.gpu_output_tokens_per_second)
    if rates[0] is None and not load.tokens.get("output"):
        return ()
    served = stated_serving(rates, stated.gpus_per_replica, load)
    options = []
    if stated.gpu_usd_per_hour is not None:
        options.append(
            Option("rented", "stated", "scenario", *CARD, "global", "on_demand", 1, stated.gpu_usd_per_hour, (STATED,))
        )
    if stated.machine_usd is not None:
        machine = own_mac(
            stated.machine_usd, stated.machine_life_months, stated.machine_watts, stated.power_usd_per_kwh
        )
        options.append(
            Option("owned", "stated", "scenario", *CARD, "global", "purchase", 1, None, (STATED,), machine=machine)
        )
    return tuple((option, served) for option in options)


def stated_serving(tok_s_per_gpu: tuple[Decimal | None, Decimal], gpus_per_replica: int, load: Load) -> Serving:
    """Input and output tokens per second of one GPU at full load, at the workload's own lengths.

    Without an input rate the output rate is one of whole requests, prompts included. Cached tokens are not read again.
    """
    reading, writing = tok_s_per_gpu
    unread = sum((count for meter, count in load.tokens.items() if meter not in ("cache_read", "output")), Fraction(0))
    output = load.tokens.get("output", Fraction(0)) / load.calls
    seconds = output / Fraction(writing)
    if reading is not None:
        seconds = replica_seconds(unread / load.calls, output, reading, writing)
    return Serving(
        (STATED,),
        *CARD,
        gpus_per_replica,
        "stated",
        (),
        ("stated_machine",),
        lambda headroom, replicas: seconds / gpus_per_replica / headroom.share(replicas, None),
    )
