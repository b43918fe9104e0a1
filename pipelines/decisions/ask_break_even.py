"""Break-even of several workloads on one day, from logs or a scenario: what is asked, and all rows of the answer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, partial
from typing import Any

from pipelines.decisions.break_even_curve import curve_rows
from pipelines.decisions.break_even_market import Market
from pipelines.decisions.break_even_rows import break_even_rows
from pipelines.decisions.break_even_terms import load_of, terms_of
from pipelines.decisions.break_even_ways import Found, Question, find_ways
from pipelines.decisions.scenario import Scenario
from pipelines.decisions.scenario_file import read_scenario
from pipelines.decisions.scenario_usage import parts_of
from pipelines.decisions.self_hosting.request import Goal
from pipelines.decisions.stated_machine import stated_machine
from pipelines.decisions.user_facts import StandIn, UserFacts
from pipelines.decisions.workload import Workload, workload_of_scenario

WITHOUT_USAGE = "support-bot"
"""The scenario that answers where there is no usage."""


@dataclass(frozen=True)
class Asked:
    """One workload, with the scenario that states it; None: it is out of logs."""

    workload: Workload
    scenario: Scenario | None = None


@dataclass(frozen=True)
class AskedBreakEven:
    """All that the answers rest on."""

    asked: Sequence[Asked]
    market: Market
    facts: UserFacts

    def rows(self) -> list[dict[str, Any]]:
        """Rows of main.break_even; never empty where something is asked."""
        return [row for question, found in self.questions for row in break_even_rows(question, found)]

    def curves(self) -> list[dict[str, Any]]:
        """Rows of main.break_even_curve."""
        return [row for question, found in self.questions for row in curve_rows(question, found)]

    @cached_property
    def questions(self) -> list[tuple[Question, Found]]:
        """One for each workload, with the ways to serve it."""
        asked = [_question(one, self.market, self.facts) for one in self.asked]
        return [(question, find_ways(question)) for question in asked]


def asked_workloads(logged: Sequence[Workload]) -> list[Asked]:
    """The workloads out of logs; where there are none, the scenario that ships for that.

    Offers of one model at several tiers and regions are several workloads: only the largest of each model is asked.
    """
    largest: dict[tuple[str | None, str | None], Workload] = {}
    for workload in logged:
        largest.setdefault((workload.provider, workload.model), workload)
    if largest:
        return [Asked(workload) for workload in largest.values()]
    return [asked_scenario(read_scenario(WITHOUT_USAGE))]


def open_models_of(asked: Sequence[Asked], facts: UserFacts) -> set[str]:
    """The open models that stand in for those of some workloads."""
    return {terms_of(one.workload, one.scenario, _stand_in(one, facts)).open_model for one in asked}


def _stand_in(one: Asked, facts: UserFacts) -> StandIn | None:
    return facts.stand_ins.get(one.workload.model or "")


def asked_scenario(scenario: Scenario) -> Asked:
    """The workload that a scenario describes."""
    workload = workload_of_scenario(scenario)
    # Where a part goes to own machines, what falls back is paid at the API as well.
    notes = tuple(f"{note} but those of a part on own machines" for note in workload.notes)
    return Asked(replace(workload, notes=notes, parts=partial(parts_of, scenario)), scenario)


def _question(one: Asked, market: Market, facts: UserFacts) -> Question:
    workload = one.workload
    terms = terms_of(workload, one.scenario, _stand_in(one, facts))
    if facts.problems:
        terms = replace(terms, flags=(*terms.flags, "user_file_wrong"))
    api, load = market.price_of(workload), load_of(workload)
    if workload.stated_usd_per_mtok:
        terms = replace(terms, flags=(*terms.flags, "price_stated"))
    if one.scenario and one.scenario.model_retires_on:
        api = replace(api, retires_on=one.scenario.model_retires_on)
    stated = stated_machine(one.scenario, load) if one.scenario else ()
    if stated:  # its latency is not told, and is not asked for
        terms = replace(terms, goal=Goal(), flags=tuple(flag for flag in terms.flags if flag != "goal_assumed"))
    return Question(
        api=api,
        load=load,
        terms=terms,
        market=market,
        points=facts.points,
        figures=facts.figures,
        mix_basis="own" if workload.basis == "logs" else "scenario",
        own_tokens=_own_tokens(workload, terms.hours_per_month),
        fallback=one.scenario.fallback_share if one.scenario else Question.fallback,
        stated=stated,
    )


def _own_tokens(workload: Workload, hours_per_month: int) -> int:
    """The own volume of a month. Logs are scaled to the hours that are paid for; a scenario means its own days."""
    tokens = sum(workload.tokens_per_month.values(), Fraction(0))
    is_logged = workload.basis == "logs"
    return int(tokens * hours_per_month / (24 * workload.days_per_month) if is_logged else tokens)
