"""What an answer of break-even would be at list prices: columns that stand beside what is paid by the contract."""

from dataclasses import replace
from typing import Any

from pipelines.decisions.api_bill import MTOK, ApiPrice
from pipelines.decisions.break_even import BreakEven, threshold
from pipelines.decisions.break_even_ways import Question
from pipelines.decisions.break_even_words import ids_of
from pipelines.decisions.self_hosting.step_function import money


def at_list(question: Question, answer: BreakEven) -> dict[str, Any]:
    """The same at list prices, where price lists have all of the mix, and by which lines of the contract it is paid."""
    load, listed = question.load, _listed(question)
    if load is None or listed is None:
        return {}
    price = load.usd_per_token(listed.usd_per_mtok)
    first = None
    if answer.option is not None and answer.serving is not None:
        first = threshold(listed, load, answer.option, answer.serving, question.terms)
    return {
        "list_usd_per_mtok": money(price * MTOK, 6),
        "own_list_usd_per_month": money(price * question.own_tokens) if question.own_tokens else None,
        "list_break_even_tokens_per_month": first,
        "term_ids": ids_of(one for ids in question.api.term_ids.values() for one in ids.split(",")),
    }


def _listed(question: Question) -> ApiPrice | None:
    """The API at list prices; None where it is not known there, or a scenario states what it costs."""
    api, load = question.api, question.load
    used = {meter for meter, tokens in load.tokens.items() if tokens} if load else set()
    is_known = bool(used) and api.listed_usd_per_mtok.keys() >= used
    return replace(api, usd_per_mtok=api.listed_usd_per_mtok) if is_known else None


def paid_words(question: Question, answer: BreakEven) -> str | None:
    """That the API is taken at what is paid, and what it is at list; None without a line of the contract for it."""
    if not question.api.term_ids or answer.usd_per_mtok is None:
        return None
    listed = at_list(question, answer).get("list_usd_per_mtok")
    beside = "no list has a price of it" if listed is None else f"at list {listed:f}"
    return f"at what you pay the API by your contract, {answer.usd_per_mtok:f} USD per Mtok ({beside})"
