"""Rows of main.break_even_curve for one workload: what each way costs over volume, the cheapest of it at each."""

from collections.abc import Callable, Sequence
from typing import Any

from pipelines.decisions.api_bill import MTOK, Load
from pipelines.decisions.break_even import FORMULA_VERSION, steps_of
from pipelines.decisions.break_even_ways import Found, Pair, Question
from pipelines.decisions.break_even_words import ids_of
from pipelines.decisions.managed_weights import cheapest_managed
from pipelines.decisions.self_hosting.step_function import Steps, cost_at, money

VOLUMES = tuple(digit * 10**power for power in range(6, 13) for digit in (1, 2, 5))
"""Volumes of the curve, tokens a month."""


def curve_rows(question: Question, found: Found) -> list[dict[str, Any]]:
    """Rows of main.break_even_curve: the cheapest of every way at each volume, and at the own."""
    load = question.load
    if load is None:
        return []
    volumes = sorted({*VOLUMES, *([question.own_tokens] if question.own_tokens else [])})
    ways: dict[str, Callable[[int], dict[str, Any]]] = {"api": _api_at(question, load), "managed": _managed(question)}
    for way in ("dedicated", "rented", "owned", "mac"):
        steps = [(pair, steps_of(load, *pair, question.terms)) for pair in found.pairs if pair[0].way == way]
        reason = "; ".join(found.missing[:2]) or f"nothing of this way was measured with {question.terms.open_model}"
        ways[way] = _cheapest(steps, reason)
    return [
        {
            "as_of": question.market.day,
            "api_provider": question.api.provider,
            "api_model": question.api.model,
            "way": way,
            "tokens_per_month": volume,
            "is_own_volume": volume == question.own_tokens,
            "formula_version": FORMULA_VERSION,
            **_priced(at(volume), volume),
        }
        for way, at in ways.items()
        for volume in volumes
    ]


def _api_at(question: Question, load: Load) -> Callable[[int], dict[str, Any]]:
    try:
        price = load.usd_per_token(question.api.usd_per_mtok)
    except KeyError as error:
        reason = f"no API price for {error.args[0]}"
        return lambda _: {"reason": reason}
    ids = ids_of(question.api.price_ids[meter] for meter in load.tokens if meter in question.api.price_ids)
    return lambda volume: {"usd": price * volume, "seller": question.api.provider, "evidence_ids": ids}


def _managed(question: Question) -> Callable[[int], dict[str, Any]]:
    best = question.load and cheapest_managed(question.load, question.terms, question.market.day, question.sellers)
    if not best:
        reason = f"no printed price of {question.terms.open_model} by the token on or before the day"
        return lambda _: {"reason": reason}
    return lambda volume: {
        "usd": best.usd_per_token * volume,
        "seller": best.seller,
        "evidence_ids": ids_of(best.price_ids),
    }


def _cheapest(steps: Sequence[tuple[Pair, Steps]], reason: str) -> Callable[[int], dict[str, Any]]:
    def at(volume: int) -> dict[str, Any]:
        served = [(cost[1], cost[0], pair) for pair, one in steps if (cost := cost_at(volume, one)) is not None]
        if not served:
            return {"reason": f"more than {steps[0][1].most} replicas" if steps else reason}
        usd, replicas, (option, serving) = min(served, key=lambda one: (one[0], one[1], one[2][0].rate_ids))
        return {
            "usd": usd,
            "seller": option.seller,
            "gpu": " ".join(part for part in (option.gpu, option.variant) if part),
            "replicas": replicas,
            "evidence_ids": ids_of((*option.rate_ids, *serving.throughput_ids)),
        }

    return at


def _priced(found: dict[str, Any], volume: int) -> dict[str, Any]:
    usd = found.pop("usd", None)
    empty: dict[str, Any] = dict.fromkeys(("seller", "gpu", "replicas", "reason", "evidence_ids"))
    money_of: dict[str, Any] = {"usd_per_month": None, "usd_per_mtok": None}
    if usd is not None:
        money_of = {"usd_per_month": money(usd), "usd_per_mtok": money(usd * MTOK / volume, 6)}
    return empty | money_of | found
