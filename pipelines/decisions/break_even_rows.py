"""Rows of main.break_even for one workload: every offer of every way, each with the evidence of its answer."""

import json
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from itertools import groupby
from math import ceil
from typing import Any

from pipelines.decisions.api_bill import MTOK
from pipelines.decisions.break_even import FORMULA_VERSION, BreakEven, steps_of
from pipelines.decisions.break_even_at_list import at_list, paid_words
from pipelines.decisions.break_even_spread import threshold_spread
from pipelines.decisions.break_even_ways import Found, Pair, Question, judge, rank
from pipelines.decisions.break_even_words import MANAGED_FLAGS, flags_of, ids_of, sentence, with_flags
from pipelines.decisions.managed_weights import cheapest_managed
from pipelines.decisions.self_hosting.capacity import Headroom
from pipelines.decisions.self_hosting.hybrid import hybrid, per_accepted
from pipelines.decisions.self_hosting.options import Option
from pipelines.decisions.self_hosting.ownership import needed_use
from pipelines.decisions.self_hosting.rental import reserved_pays_from
from pipelines.decisions.self_hosting.step_function import cost_at, money
from pipelines.decisions.self_hosting.throughput import Serving

ROUTED = tuple(Decimal(tenths) / 10 for tenths in (2, 4, 6, 8, 10))


def break_even_rows(question: Question, found: Found) -> list[dict[str, Any]]:
    """Rows of main.break_even: one per offer, best first; one alone that says why where there is none."""
    managed = _managed_rows(question)
    if not found.pairs:
        return [_row(question, BreakEven("unknown", reason=_missing(found))), *managed]
    answers = [(offer, judge(question, pairs)) for offer, pairs in _by_offer(found.pairs)]
    answers.sort(key=lambda one: rank(one[1]))
    if all(answer.option is None for _, answer in answers):  # the API has no price: the same of every offer
        answers = answers[:1]
    best_of_way: dict[str, BreakEven] = {}
    for offer, answer in answers:
        best_of_way.setdefault(offer[0], answer)
    rows = []
    for offer, answer in answers:
        row = _row(question, answer)
        if best_of_way[offer[0]] is answer:
            row["sensitivity"] = threshold_spread(question, answer)
        rows.append(row)
    return [*rows, *managed]


def _missing(found: Found) -> str:
    """What would have to be measured: the first and the last of what is missing, and how much more there is."""
    reasons = found.missing
    if len(reasons) <= 3:
        return "; ".join(reasons) or "nothing is measured"
    return f"{reasons[0]}; {len(reasons) - 2} more setups alike; {reasons[-1]}"


def _managed_rows(question: Question) -> list[dict[str, Any]]:
    """The cheapest seller of the stand-in by the token, where there is one and the API has a price."""
    load, terms = question.load, question.terms
    best = load and cheapest_managed(load, terms, question.market.day, question.sellers)
    if not load or not best or not question.api.usd_per_mtok.keys() >= load.tokens.keys():
        return []
    api = load.usd_per_token(question.api.usd_per_mtok)
    is_cheaper = best.usd_per_token <= api
    own = question.own_tokens
    answer = BreakEven(
        "no_usage" if not own else "managed" if is_cheaper else "api",
        reason=None if is_cheaper else "it costs more than the API at every volume",
        usd_per_mtok=money(api * MTOK, 6),
        full_usd_per_mtok=money(best.usd_per_token * MTOK, 6),
        own_api_usd_per_month=money(api * own) if own else None,
        own_gpu_usd_per_month=money(best.usd_per_token * own) if own else None,
    )
    asked = f"{money(best.usd_per_token * MTOK, 4):f} USD per Mtok"
    words = f"{best.seller} asks {asked}, {'less' if is_cheaper else 'more'} than the API, at every volume"
    flags = tuple(flag for flag in terms.flags if flag in MANAGED_FLAGS)
    place = {"way": "managed", "gpu_provider": best.seller, "gpu_tier": "per_token", "rate_id": ids_of(best.price_ids)}
    shown = {"answer": with_flags(words, flags), "flags": ids_of(flags)}
    return [_row(question, answer) | place | shown]


def _by_offer(pairs: Iterable[Pair]) -> list[tuple[tuple[str, ...], list[Pair]]]:
    ordered = sorted(pairs, key=lambda pair: pair[0].offer)
    return [(offer, list(same)) for offer, same in groupby(ordered, key=lambda pair: pair[0].offer)]


def _row(question: Question, answer: BreakEven) -> dict[str, Any]:
    terms, load = question.terms, question.load
    first = answer.intervals[0] if answer.intervals else None
    tokens = load.tokens if load else {}
    row: dict[str, Any] = {
        "as_of": question.market.day,
        "api_provider": question.api.provider,
        "api_model": question.api.model,
        "open_model": terms.open_model,
        "acceptance_share": float(terms.acceptance),
        "answer": sentence(answer, terms, paid_words(question, answer)),
        "verdict": answer.verdict,
        "reason": answer.reason,
        "flags": ids_of(flags_of(answer, terms)),
        "own_tokens_per_month": question.own_tokens,
        "own_api_usd_per_month": answer.own_api_usd_per_month,
        **at_list(question, answer),
        "own_gpu_usd_per_month": answer.own_gpu_usd_per_month,
        "own_replicas": answer.own_replicas,
        "own_utilisation": answer.own_utilisation,
        "own_usd_per_accepted_mtok": _per_accepted(question, answer),
        "break_even_tokens_per_month": first and first.from_tokens,
        "break_even_calls_per_month": first and load and ceil(first.from_tokens / load.tokens_per_call),
        "until_tokens_per_month": first and first.until_tokens,
        "replicas": first and first.replicas,
        "needed_utilisation": answer.needed_utilisation,
        "api_usd_per_month": answer.api_usd_per_month,
        "gpu_usd_per_month": answer.own_machines_usd_per_month,
        "intervals": json.dumps([vars(step) for step in answer.intervals]),
        "usd_per_mtok": answer.usd_per_mtok,
        "full_usd_per_mtok": answer.full_usd_per_mtok,
        "hybrid": _hybrid(question, answer),
        "price_ids": ids_of(question.api.price_ids[meter] for meter in tokens if meter in question.api.price_ids),
        "latency_goal": str(terms.goal),
        "max_utilisation": answer.planned_share,
        "peak_factor": float(terms.peak_factor),
        "hours_per_month": terms.hours_per_month,
        "engineering_usd_per_month": terms.engineering_usd_per_month,
        "max_replicas": terms.max_replicas,
        "spare_replicas": terms.spare_replicas,
        "formula_version": FORMULA_VERSION,
    }
    return row | _mix(question) | _machine(answer.option) | _measured(question, answer.serving) | _paid_back(answer)


def _mix(question: Question) -> dict[str, Any]:
    load = question.load
    tokens = load.tokens if load else {}
    lengths = load.lengths if load else None
    return {
        "mix": json.dumps({meter: int(count) for meter, count in tokens.items()}),
        "mix_basis": question.mix_basis,
        "mean_input_tokens": lengths and lengths.input_tokens,
        "mean_output_tokens": lengths and lengths.output_tokens,
        "cached_tokens": lengths and lengths.cached_tokens,
    }


def _machine(option: Option | None) -> dict[str, Any]:
    if option is None:
        return {"way": "any", "gpu_provider": "any", "gpu_tier": "any"}
    return {
        "way": option.way,
        "gpu_provider": option.seller,
        "gpu_tier": option.tier,
        "pricing": option.pricing,
        "term_months": option.term_months,
        "pays_from_use_share": _pays_from_use(option),
        "rate_id": ids_of(option.rate_ids),
        "usd_per_gpu_hour": option.usd_per_gpu_hour,
        "fx_rate_on": option.evidence.get("fx_rate_on"),
        "usd_per_currency": option.evidence.get("usd_per_currency"),
        "gpu": option.gpu,
        "variant": option.variant,
        "region": option.region,
        "gpus_per_rental": option.gpus_per_unit,
    }


def _pays_from_use(option: Option) -> float | None:
    """Of a reservation or a purchase: the share of hours in use from which it costs no more than on demand."""
    beside, share = option.on_demand_usd, None
    if beside is not None and option.machine is not None:
        share = needed_use(option.machine, option.machine.gpus, beside)
    elif beside is not None and option.pricing == "reserved" and option.usd_per_gpu_hour is not None:
        share = reserved_pays_from(option.usd_per_gpu_hour, beside)
    return None if share is None else float(share)


def _measured(question: Question, serving: Serving | None) -> dict[str, Any]:
    if serving is None or question.load is None:
        return {}
    used = set(serving.throughput_ids)
    sources = {point.throughput_id: point.source for point in question.points if point.throughput_id in used}
    per_gpu = serving.requests_per_s(Headroom(Decimal(1)), 1) * question.load.lengths.output_tokens
    return {
        "throughput_id": ids_of(serving.throughput_ids),
        "throughput_source": ids_of(sources[one] for one in serving.throughput_ids),
        "throughput_basis": serving.basis,
        "out_tok_s_per_gpu": money(per_gpu / serving.gpus_per_replica, 6),
        "gpus_per_replica": serving.gpus_per_replica,
    }


def _paid_back(answer: BreakEven) -> dict[str, Any]:
    back = answer.payback
    if back is None:
        return {}
    return {
        "upfront_usd": money(back.upfront_usd),
        "pay_back_months": back.months,
        "pay_back_exact_months": None if back.exact_months is None else float(back.exact_months),
        "pay_back_on": back.on,
        "pay_back_until": back.until,
        "is_paid_back_in_time": back.is_in_time,
    }


def _per_accepted(question: Question, answer: BreakEven) -> Decimal | None:
    """The bill at the own volume over the tokens that are accepted. More are made: the own volume over their share."""
    bill, acceptance = answer.own_gpu_usd_per_month, question.terms.acceptance
    if bill is None or not question.own_tokens:
        return None
    made = question.own_tokens / Fraction(acceptance)
    return money(per_accepted(Fraction(bill) * MTOK / made, acceptance), 6)


def _hybrid(question: Question, answer: BreakEven) -> str | None:
    """USD a month and the part of the saving captured, by routed share, at the own volume."""
    option, serving, load = answer.option, answer.serving, question.load
    if option is None or serving is None or load is None or not question.own_tokens:
        return None
    steps = steps_of(load, option, serving, question.terms)

    def own(volume: int) -> Fraction | None:
        found = cost_at(volume, steps)
        return found and found[1]

    bill = load.usd_per_token(question.api.usd_per_mtok) * question.own_tokens
    shown = {}
    for share in ROUTED:
        found = hybrid(bill, own, question.own_tokens, share, question.fallback)
        if found:
            captured = None if found.captured is None else round(float(found.captured), 4)
            shown[f"{share:.1f}"] = {"usd": f"{money(found.usd_per_month, 2):f}", "captured": captured}
    return json.dumps(shown) if shown else None
