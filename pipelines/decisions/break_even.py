"""From which monthly volume machines of one's own cost no more than an API: one workload, one option, one answer.

Volumes are whole tokens a month, input and output together, and all comparisons are exact. Only interpolated
throughput and the share of headroom are rounded before they are counted with. Where prices come from is not known here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache, lru_cache
from math import ceil, floor
from typing import Any

from pipelines.decisions.api_bill import MTOK, ApiPrice, Load
from pipelines.decisions.self_hosting.capacity import SECONDS_PER_HOUR, Headroom, utilisation
from pipelines.decisions.self_hosting.options import Option
from pipelines.decisions.self_hosting.pay_back import (
    MOST_MONTHS,
    FineTune,
    PayBack,
    after,
    growing,
    pay_back,
    with_retraining,
)
from pipelines.decisions.self_hosting.request import Goal
from pipelines.decisions.self_hosting.step_function import (
    Interval,
    Steps,
    cheapest_full,
    cost_at,
    first_paying,
    money,
    paying_intervals,
)
from pipelines.decisions.self_hosting.throughput import Serving

FORMULA_VERSION = "break-even-4"
BEYOND = "not with up to"
"""Begins the reason why nothing is known beyond the replicas considered."""
DEFAULT_PEAK = Decimal("2.063")
"""Busiest hour over the mean of 14 days, alibaba/ServeGen m-small @ f891d11: where nobody knows the own hours."""


@dataclass(frozen=True)
class Terms:
    """What no page tells. A month has 730 hours (8,760 / 12). `flags`: which of it was assumed."""

    open_model: str = "GPT-OSS-120B"
    goal: Goal = field(default_factory=Goal)
    headroom: Headroom = field(default_factory=Headroom)
    peak_factor: Decimal = DEFAULT_PEAK
    acceptance: Decimal = Decimal(1)
    engineering_usd_per_month: Decimal = Decimal(0)
    tuning: FineTune | None = None
    """Training, data, evaluation and migration: paid once, training again at each retraining."""
    retrain_every_months: int | None = None
    growth_per_month: Decimal = Decimal(0)
    spare_replicas: int = 0
    hours_per_month: int = 730
    max_replicas: int = 32
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class BreakEven:
    """One answer. `intervals` is empty where own machines never pay or nothing is known; `reason` then says why."""

    verdict: str
    intervals: tuple[Interval, ...] = ()
    reason: str | None = None
    is_open: bool = False
    """Nothing pays among the replicas considered, and with more of them it may."""
    option: Option | None = None
    serving: Serving | None = None
    usd_per_mtok: Decimal | None = None
    full_usd_per_mtok: Decimal | None = None
    """The lowest cost per million tokens that full replicas reach; an API below it is never beaten."""
    needed_utilisation: float | None = None
    planned_share: float | None = None
    capacity_tokens_per_month: int | None = None
    api_usd_per_month: Decimal | None = None
    own_machines_usd_per_month: Decimal | None = None
    own_api_usd_per_month: Decimal | None = None
    own_gpu_usd_per_month: Decimal | None = None
    own_replicas: int | None = None
    own_utilisation: float | None = None
    payback: PayBack | None = None


def steps_of(load: Load, option: Option, serving: Serving, terms: Terms) -> Steps:
    """What n replicas cost and serve a month: accepted answers at peak load, spare replicas paid but not counted."""
    cost = option.cost(serving.gpus_per_replica, terms.hours_per_month, terms.spare_replicas)
    people = Fraction(terms.engineering_usd_per_month)
    seconds = terms.hours_per_month * SECONDS_PER_HOUR / Fraction(terms.peak_factor)
    served = seconds * load.tokens_per_call * Fraction(terms.acceptance)
    capacity = _capacity(serving, terms.headroom, served)
    return Steps(cache(lambda n: cost(n) + people), capacity, terms.max_replicas)


@lru_cache(maxsize=1024)
def _capacity(serving: Serving, headroom: Headroom, served: Fraction) -> Callable[[int], Fraction]:
    """What n replicas serve: the same on all the machines, of whatever seller, that run one setup."""
    return cache(lambda n: served * serving.requests_per_s(headroom, n))


def break_even(
    api: ApiPrice, load: Load, offers: Sequence[tuple[Option, Serving]], own_tokens: int, terms: Terms, day: date
) -> BreakEven:
    """The best of some offers against one API model. `own_tokens`: own volume a month, 0 where there is none.

    The best is the one that pays first, else the one that comes nearest. With fewer offers, as under a stricter goal
    of latency, the threshold never falls.
    """
    missing = [meter for meter, tokens in load.tokens.items() if tokens and meter not in api.usd_per_mtok]
    if missing:
        return BreakEven("unknown", reason=f"no API price for {', '.join(sorted(missing))}")
    price = load.usd_per_token(api.usd_per_mtok)
    if not offers:
        return BreakEven("unknown", reason="no measured throughput", usd_per_mtok=money(price * MTOK, 6))
    option, serving, steps = _best(price, [(*one, steps_of(load, *one, terms)) for one in offers])
    best = _judged(price, option, serving, steps, terms)
    return _at_own_volume(best, steps, price, load, own_tokens, api, terms, day)


def threshold(api: ApiPrice, load: Load, option: Option, serving: Serving, terms: Terms) -> int | None:
    """The first volume at which one offer pays, and nothing else of the answer; None: never, or not known."""
    if any(tokens and meter not in api.usd_per_mtok for meter, tokens in load.tokens.items()):
        return None
    first = first_paying(load.usd_per_token(api.usd_per_mtok), steps_of(load, option, serving, terms))
    return None if first is None else first.from_tokens


def _best(price: Fraction, offers: Sequence[tuple[Option, Serving, Steps]]) -> tuple[Option, Serving, Steps]:
    """The offer that pays first; of several such, or where none pays, that with the cheapest full replicas."""
    firsts = [first_paying(price, steps) for _, _, steps in offers]
    volumes = [float("inf") if first is None else first.from_tokens for first in firsts]
    least = min(volumes)
    nearest = [offer for offer, volume in zip(offers, volumes, strict=True) if volume == least]
    return nearest[0] if len(nearest) == 1 else min(nearest, key=_full)


def _full(offer: tuple[Option, Serving, Steps]) -> tuple[Fraction, str]:
    full = cheapest_full(offer[2])
    return Fraction(10**12) if full is None else full, "/".join(offer[1].throughput_ids)


def _judged(price: Fraction, option: Option, serving: Serving, steps: Steps, terms: Terms) -> BreakEven:
    """The answer of one offer, without the own volume."""
    found = paying_intervals(price, steps)
    full = cheapest_full(steps)
    verdict, reason = ("pays", None) if found else _why_never(price, full, steps, terms)
    lowest = None if full is None else money(full * MTOK, 6)
    is_open = verdict == "unknown"
    return BreakEven(verdict, found, reason, is_open, option, serving, money(price * MTOK, 6), lowest)


def _why_never(price: Fraction, full: Fraction | None, steps: Steps, terms: Terms) -> tuple[str, str]:
    """Never at any volume; or unknown, because it pays at none that is considered and may at a larger one."""
    shown = "nothing" if full is None else f"{money(full * MTOK, 4):f} USD per Mtok"
    never = f"full replicas cost {shown}, the API {money(price * MTOK, 4):f}"
    # People are one sum for all replicas: with more of them it may pay yet.
    people = Fraction(terms.engineering_usd_per_month)
    machines_alone = cheapest_full(Steps(lambda n: steps.cost(n) - people, steps.capacity, steps.most))
    if machines_alone is not None and price > machines_alone:
        return "unknown", f"{BEYOND} {terms.max_replicas} replicas: {never}"
    return "never", never


def _at_own_volume(  # noqa: PLR0913, PLR0917 - all that the answer was found from
    best: BreakEven, steps: Steps, price: Fraction, load: Load, own_tokens: int, api: ApiPrice, terms: Terms, day: date
) -> BreakEven:
    """The same answer with what holds at the threshold and at the own volume."""
    values = _at_threshold(best, steps, price, load, terms) if best.intervals else {}
    if not own_tokens:
        return BreakEven(**vars(best) | values | {"verdict": "no_usage"})
    own_api = price * own_tokens
    values["own_api_usd_per_month"] = money(own_api)
    served = cost_at(own_tokens, steps)
    if served is None and best.verdict == "never":
        values["verdict"] = "api"
    elif served is None:
        values["verdict"] = "unknown"
        values["reason"] = f"your volume needs more than the {terms.max_replicas} replicas that are considered"
    else:
        values["verdict"] = "own_gpus" if served[1] <= own_api else "api"
        values |= {"own_gpu_usd_per_month": money(served[1]), "own_replicas": served[0]}
        values["own_utilisation"] = best.serving and float(_use(own_tokens, served[0], load, best.serving, terms))
        values["payback"] = _pay_back(best, steps, own_tokens, price, api, terms, day) if best.intervals else None
    return BreakEven(**vars(best) | values)


def _at_threshold(best: BreakEven, steps: Steps, price: Fraction, load: Load, terms: Terms) -> dict[str, Any]:
    """What the first paying volume means in use of the replicas and in money."""
    first, serving = best.intervals[0], best.serving
    if serving is None:
        return {}
    full = serving.requests_per_s(Headroom(Decimal(1)), first.replicas)
    share = serving.requests_per_s(terms.headroom, first.replicas) / full
    capacity = steps.capacity(first.replicas)
    return {
        "needed_utilisation": float(_use(first.from_tokens, first.replicas, load, serving, terms)),
        "planned_share": float(share),
        "capacity_tokens_per_month": floor(capacity),
        "api_usd_per_month": money(price * first.from_tokens),
        "own_machines_usd_per_month": money(steps.cost(first.replicas)),
    }


def _use(tokens: int, replicas: int, load: Load, serving: Serving, terms: Terms) -> Fraction:
    """Mean use of some replicas at a volume of accepted tokens, over the hours of a month; 1: always full."""
    calls = tokens / load.tokens_per_call / Fraction(terms.acceptance)
    seconds = calls * replicas / serving.requests_per_s(Headroom(Decimal(1)), replicas)
    return utilisation(seconds, replicas, terms.hours_per_month)


def _pay_back(
    best: BreakEven, steps: Steps, own_tokens: int, price: Fraction, api: ApiPrice, terms: Terms, day: date
) -> PayBack | None:
    """Of what is paid at once, at the own volume: purchase, fine-tuning, migration. None where nothing is."""
    option, serving, served = best.option, best.serving, cost_at(own_tokens, steps)
    if option is None or serving is None or served is None:
        return None
    purchase = option.purchase((served[0] + terms.spare_replicas) * serving.gpus_per_replica)
    upfront = purchase + (terms.tuning.upfront_usd if terms.tuning else 0)
    if not upfront:
        return None
    machine = option.machine
    life = after(day, int(machine.life_years * 12)) if machine else None
    until = min((one for one in (life, api.retires_on) if one is not None), default=None)
    depreciation = purchase / (Fraction(machine.life_years) * 12) if machine else Fraction(0)
    volume = growing(Fraction(own_tokens), terms.growth_per_month)

    def saving(month: int) -> Fraction:
        """The API's bill less the cash of the replicas that serve as much; none beyond those considered."""
        tokens = ceil(volume(month))
        now = served if tokens == own_tokens else cost_at(tokens, steps)
        return Fraction(0) if now is None else price * tokens - (now[1] - depreciation)

    is_even = not terms.growth_per_month
    most = 1 if is_even and saving(1) <= 0 else MOST_MONTHS
    if terms.tuning and terms.retrain_every_months:
        return pay_back(
            upfront, with_retraining(saving, terms.tuning.training_usd, terms.retrain_every_months), day, until, most
        )
    return pay_back(upfront, saving, day, until, most)
