"""How much of the measured throughput may be planned with, by queueing or as a fixed part.

Exact but for Erlang's formula, whose result is rounded down to 1/10,000 before it is counted with.
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache

SECONDS_PER_HOUR = 3600
MOST_SLOTS = 500
"""More slots than these are planned with as these: their share is 0.93 at 5 %, and it could only rise."""
_STEPS = 10_000


@dataclass(frozen=True)
class Headroom:
    """What part of full throughput is planned with.

    `max_utilisation` set: that part, always. Else by queueing: at most `wait_probability` of the requests may find
    every slot taken, a slot being one of the requests that a replica was measured to run at a time. A measurement
    that does not tell its slots is planned with at `unknown_slots` of its throughput.
    """

    max_utilisation: Decimal | None = None
    wait_probability: Decimal = Decimal("0.05")
    unknown_slots: Decimal = Decimal("0.5")

    def share(self, replicas: int, slots_per_replica: int | None) -> Fraction:
        """Part of the full throughput of some replicas together that is planned with, above 0 and at most 1."""
        if self.max_utilisation is not None:
            return Fraction(self.max_utilisation)
        if slots_per_replica is None:
            return Fraction(self.unknown_slots)
        return _share_for(min(replicas * slots_per_replica, MOST_SLOTS), self.wait_probability)


def wait_probability(servers: int, load: float) -> float:
    """Erlang C: the probability that a request finds all servers taken. `load` in servers kept busy on the mean.

    Raises ValueError for a load below 0.
    """
    if load < 0:
        raise ValueError("load must not be negative")
    if load >= servers:
        return 1.0
    blocked = 1.0  # Erlang B, built up server by server: no factorial overflows
    for count in range(1, servers + 1):
        blocked = load * blocked / (count + load * blocked)
    return blocked / (1 - load / servers * (1 - blocked))


@cache
def load_for(servers: int, probability: Decimal) -> Fraction:
    """The largest load that some servers carry while at most `probability` of the requests wait, rounded down."""
    low, high = 0, servers * _STEPS
    while low < high:
        middle = (low + high + 1) // 2
        fits = wait_probability(servers, middle / _STEPS) <= float(probability)
        low, high = (middle, high) if fits else (low, middle - 1)
    return Fraction(max(low, 1), _STEPS)


@cache
def _share_for(servers: int, probability: Decimal) -> Fraction:
    return load_for(servers, probability) / servers


def replica_seconds(
    input_tokens: Fraction | int, output_tokens: Fraction | int, prefill_tok_s: Decimal, decode_tok_s: Decimal
) -> Fraction:
    """Seconds of one replica whose phases follow each other. Cached tokens are not among `input_tokens`."""
    return Fraction(input_tokens) / Fraction(prefill_tok_s) + Fraction(output_tokens) / Fraction(decode_tok_s)


def utilisation(seconds: Fraction, replicas: int, hours_per_month: int) -> Fraction:
    """Part of the month's replica-seconds that a load takes; over 1 it cannot be served."""
    return seconds / (replicas * hours_per_month * SECONDS_PER_HOUR)
