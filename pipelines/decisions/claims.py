"""The numeric claims of two articles, as they are declared in `claim_texts`.

A claim has a stated figure and cases: formulas over prices, rates and facts. No answer is declared: what a claim comes
to is `claim_verdict`'s to say.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from pipelines.decisions.formula import names_of

FORMULA_VERSION = "claims-1"
FOLDER = Path(__file__).with_name("claim_texts")
ARTICLES = ("self_hosting", "per_token_pricing")
FIGURES = "figures"


@dataclass(frozen=True)
class Case:
    """One way to compute a claim; `shows`: told beside, and no part of the verdict. `places` None: by its unit."""

    low: str
    high: str
    of: str = ""
    stated: str | None = None
    places: int | None = None
    shows: bool = False


@dataclass(frozen=True)
class Claim:
    """One claim, in our own words. `factor`: formulas over stated and computed ends; None: stated over computed."""

    id: str
    article: str
    says: str
    stated: str
    unit: str
    claimed_on: date
    cases: tuple[Case, ...]
    terms: Mapping[str, str]
    factor: tuple[str, ...] | None = None
    unverifiable: str = ""
    note: str = ""

    @property
    def formula(self) -> str:
        """The formulas of all cases, and of the terms that they name."""
        cases = "; ".join(_case_formula(case) for case in self.cases)
        named = [name for name in all_names(self) if name in self.terms]
        terms = "; ".join(f"{name} = {self.terms[name]}" for name in named)
        return f"{cases}; with {terms}" if terms else cases

    @property
    def names(self) -> tuple[str, ...]:
        """Prices, rates and facts that it rests on."""
        return tuple(name for name in all_names(self) if name not in self.terms)


@dataclass(frozen=True)
class Input:
    """One figure that a formula names. `version`: price_id or rate_id, '' for a fact. `since`: since when it holds."""

    name: str
    value: Fraction
    unit: str
    source: str
    version: str = ""
    since: date | None = None


@dataclass(frozen=True)
class Figures:
    """Declarations of what formulas may name: how a price or a rate is looked up; facts as they are."""

    prices: Mapping[str, Mapping[str, str]]
    rates: Mapping[str, Mapping[str, Any]]
    facts: Mapping[str, Input] = field(default_factory=dict)


@cache
def claims() -> tuple[Claim, ...]:
    """All claims, in the order of the articles."""
    return tuple(claim for article in ARTICLES for claim in _claims_of(_toml(article)))


@cache
def figures() -> Figures:
    """What their formulas may name."""
    found = _toml(FIGURES)
    facts = {
        name: Input(name, Fraction(one["value"]), one["unit"], one["source"]) for name, one in found["facts"].items()
    }
    return Figures(found["prices"], found["rates"], facts)


def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"), parse_float=Decimal)


def _claims_of(found: Mapping[str, Any]) -> list[Claim]:
    made = []
    for one in found["claim"]:
        rest = {name: value for name, value in one.items() if name not in ("cases", "factor")}
        cases = tuple(_case(case) for case in one["cases"])
        factor = tuple(one["factor"]) if "factor" in one else None
        defaults = {"article": found["article"], "claimed_on": found["claimed_on"], "unit": "tokens"}
        made.append(Claim(**defaults | rest, cases=cases, factor=factor, terms=found.get("terms", {})))
    return made


def _case(found: Mapping[str, Any]) -> Case:
    """`value` is both ends."""
    ends = {name: found.get(name, found.get("value")) for name in ("low", "high")}
    return Case(**{name: value for name, value in found.items() if name != "value"} | ends)


def _case_formula(case: Case) -> str:
    formula = case.low if case.low == case.high else f"{case.low} .. {case.high}"
    return f"{case.of}: {formula}" if case.of else formula


def all_names(claim: Claim) -> list[str]:
    """Names of the formulas and of the terms that these name; a term before what it is made of."""
    formulas = [formula for case in claim.cases for formula in (case.low, case.high)]
    found: list[str] = []
    while formulas:
        for name in names_of(formulas.pop(0)):
            if name in found:
                found.remove(name)
            found.append(name)
            if name in claim.terms:
                formulas.append(claim.terms[name])
    return found
