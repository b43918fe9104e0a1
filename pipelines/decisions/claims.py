"""The numeric claims of two articles, as they are declared in `claim_texts`, and what they come to with some inputs.

A claim has a stated figure and cases: formulas over prices, rates and facts. A case holds where its result lies in what
is stated, as far as its printed digits tell. A claim holds if all of its cases do, is wrong if none does, and
depends if some do. What has no formula, or a premise that nobody can look up, is unverifiable. No answer is declared.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from pipelines.decisions.formula import NEVER, Number, evaluate, names_of

FORMULA_VERSION = "claims-1"
FOLDER = Path(__file__).with_name("claim_texts")
ARTICLES = ("self_hosting", "per_token_pricing")
FIGURES = "figures"
LEAST_WITH_TWO_PLACES = Fraction(1, 10)
"""Of a factor: below it two places would tell nothing."""
VERDICTS = ("holds", "wrong", "depends", "unverifiable", "unknown")
_STATED = re.compile(r"(?P<sign>[<>]=)?(?P<low>\d[\d,]*(?:\.\d+)?)(?:\.\.(?P<high>\d[\d,]*(?:\.\d+)?))?")


@dataclass(frozen=True)
class Stated:
    """What an article states, with the room that its printed digits leave; an end that is open is infinite.

    A single figure leaves half a unit of its last digit, an end of a range a thousandth of itself.
    """

    low: Number
    high: Number
    tolerance: Fraction

    def holds(self, low: Number, high: Number) -> bool:
        """Whether a result lies in it. NEVER lies in nothing."""
        return low != NEVER and low >= self.low - self.tolerance and high <= self.high + self.tolerance


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
        named = [name for name in _all_names(self) if name in self.terms]
        terms = "; ".join(f"{name} = {self.terms[name]}" for name in named)
        return f"{cases}; with {terms}" if terms else cases

    @property
    def names(self) -> tuple[str, ...]:
        """Prices, rates and facts that it rests on."""
        return tuple(name for name in _all_names(self) if name not in self.terms)


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
class CheckedCase:
    """A case with its result; `holds` None: it is told beside."""

    of: str
    low: Number
    high: Number
    holds: bool | None
    text: str


@dataclass(frozen=True)
class Checked:
    """What a claim comes to. `recomputed` None: a price is missing, see `reason`."""

    verdict: str
    recomputed: str | None
    factor: str | None
    cases: tuple[CheckedCase, ...] = ()
    inputs: tuple[Input, ...] = ()
    reason: str = ""


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


def check(claim: Claim, inputs: Mapping[str, Input], missing: Mapping[str, str] | None = None) -> Checked:
    """A claim with these inputs, by name. `missing`: why an input has no value; the claim is then unknown."""
    used = tuple(inputs[name] for name in claim.names if name in inputs)
    reasons = [f"{name}: {(missing or {}).get(name, 'no value')}" for name in claim.names if name not in inputs]
    if reasons:
        return Checked("unknown", None, None, inputs=used, reason="; ".join(reasons))
    values: dict[str, Number] = {one.name: one.value for one in used}
    for name in reversed(_all_names(claim)):
        if name in claim.terms:
            values[name] = evaluate(claim.terms[name], values)
    cases = tuple(_checked(claim, case, values) for case in claim.cases)
    recomputed = "; ".join(f"{case.text} ({case.of})" if case.of else case.text for case in cases) or None
    return Checked(_verdict(claim, cases), recomputed, _factor(claim, cases), cases, used, claim.unverifiable)


def stated_of(text: str) -> Stated:
    """`330`, `2..4`, `<=5` or `>=200` as an interval. Raises ValueError for another text."""
    found = _STATED.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r}: write what is stated as 330, 2..4, <=5 or >=200")
    low = found["low"].replace(",", "")
    high = (found["high"] or found["low"]).replace(",", "")
    is_single = found["high"] is None and not found["sign"]
    room = Fraction(1, 2 * 10 ** len(low.partition(".")[2])) if is_single else Fraction(high) / 1000
    first: Number = -NEVER if found["sign"] == "<=" else Fraction(low)
    last: Number = NEVER if found["sign"] == ">=" else Fraction(high)
    return Stated(first, last, room)


def shown(value: Number, places: int | None, unit: str) -> str:
    """A number as it is printed: half up, money with cents, whole numbers without a point."""
    if value == NEVER:
        return "never"
    exact = Fraction(value)
    if places is None:
        places = 2 if unit.startswith("USD") or exact.denominator != 1 else 0
    scaled = exact * 10**places
    whole = (abs(scaled) * 2 + 1) // 2
    amount = Decimal(int(whole if scaled >= 0 else -whole)).scaleb(-places)
    return f"{amount:,.{places}f}"


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


def _all_names(claim: Claim) -> list[str]:
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


def _checked(claim: Claim, case: Case, values: Mapping[str, Number]) -> CheckedCase:
    low, high = evaluate(case.low, values), evaluate(case.high, values)
    stated = stated_of(case.stated or claim.stated)
    ends = dict.fromkeys(shown(one, case.places, claim.unit) for one in (low, high))
    return CheckedCase(case.of, low, high, None if case.shows else stated.holds(low, high), " to ".join(ends))


def _verdict(claim: Claim, cases: Sequence[CheckedCase]) -> str:
    if claim.unverifiable:
        return "unverifiable"
    held = [case.holds for case in cases if case.holds is not None]
    return "holds" if all(held) else "depends" if any(held) else "wrong"


def _factor(claim: Claim, cases: Sequence[CheckedCase]) -> str | None:
    """Stated over recomputed, by the formulas of the claim."""
    formulas = ("stated_low / low",) if claim.factor is None else claim.factor
    deciding = [case for case in cases if case.holds is not None]
    if not formulas or not deciding or not deciding[0].low or deciding[0].low == NEVER:
        return None
    stated, first = stated_of(claim.stated), deciding[0]
    values: dict[str, Number] = {
        "stated_low": stated.low,
        "stated_high": stated.high,
        "low": first.low,
        "high": first.high,
    }
    results = [evaluate(formula, values) for formula in formulas]
    if NEVER in results or -NEVER in results:
        return None
    return " to ".join(shown(one, 2 if one >= LEAST_WITH_TWO_PLACES else 3, "") for one in results)
