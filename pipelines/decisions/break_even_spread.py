"""How far each input moves the threshold of one answer: the same question at the low and at the high end of each."""

import json
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from pipelines.decisions.break_even import BreakEven, threshold
from pipelines.decisions.break_even_ways import Question
from pipelines.decisions.self_hosting.options import Option
from pipelines.decisions.self_hosting.sensitivity import Spread, sensitivity, widest_first

RANGES: dict[str, tuple[Decimal, Decimal]] = {
    "peak_factor": (Decimal("1.83"), Decimal("3.3")),  # by the hour and by ten minutes: ServeGen
    "engineering_usd_per_month": (Decimal(0), Decimal(13333)),  # nobody; 160,000 USD a year: the articles
    "acceptance": (Decimal("0.8"), Decimal(1)),
    "spare_replicas": (Decimal(0), Decimal(1)),
    "api_price_factor": (Decimal("0.9"), Decimal("1.1")),
    "machine_cost_factor": (Decimal("0.7"), Decimal("1.3")),  # of cards bought: aiinframap, 20 to 40 % either way
    "throughput_factor": (Decimal("0.8"), Decimal("1.2")),  # nine of ten interpolations err by less
}
"""Input -> its low and its high end."""


def threshold_spread(question: Question, answer: BreakEven) -> str:
    """The threshold at both ends of each input, all else equal; null: never."""
    pair = (answer.option, answer.serving)
    load = question.load

    def ask(name: str, value: object) -> int | None:
        changed = _changed(question, pair[0], name, Decimal(str(value)))
        if changed is None or pair[1] is None or load is None:
            return None
        asked, option = changed
        return threshold(asked.api, load, option, pair[1], asked.terms)

    spreads = sensitivity(ask, RANGES)
    return json.dumps({one.name: _ends(one) for one in widest_first(spreads)})


def _ends(one: Spread[int | None]) -> dict[str, float | int | None]:
    return {"low": float(str(one.low)), "high": float(str(one.high)), "at_low": one.at_low, "at_high": one.at_high}


def _changed(question: Question, option: Option | None, name: str, value: Decimal) -> tuple[Question, Option] | None:
    terms, api = question.terms, question.api
    if option is None:
        return None
    if name == "api_price_factor":
        dearer = {meter: Fraction(usd) * Fraction(value) for meter, usd in api.usd_per_mtok.items()}
        return replace(question, api=replace(api, usd_per_mtok=dearer)), option
    if name == "machine_cost_factor":
        return question, option.scaled(value)
    if name == "throughput_factor":
        return replace(question, terms=replace(terms, peak_factor=terms.peak_factor / value)), option
    exact: dict[str, Any] = {name: int(value) if name == "spare_replicas" else value}
    return replace(question, terms=replace(terms, **exact)), option
