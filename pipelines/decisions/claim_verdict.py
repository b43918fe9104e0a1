"""What a claim comes to with some inputs, and the verdict.

A case holds where its result lies in what is stated, as far as its printed digits tell. A claim holds if all of its
cases do, is wrong if none does, and depends if some do. What has no formula, or a premise that nobody can look up, is
unverifiable.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from pipelines.decisions.claims import Case, Claim, Input, all_names
from pipelines.decisions.formula import NEVER, Number, evaluate

LEAST_WITH_TWO_PLACES = Fraction(1, 10)
"""Of a factor: below it two places would tell nothing."""
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


def check(claim: Claim, inputs: Mapping[str, Input], missing: Mapping[str, str] | None = None) -> Checked:
    """A claim with these inputs, by name. `missing`: why an input has no value; the claim is then unknown."""
    used = tuple(inputs[name] for name in claim.names if name in inputs)
    reasons = [f"{name}: {(missing or {}).get(name, 'no value')}" for name in claim.names if name not in inputs]
    if reasons:
        return Checked("unknown", None, None, inputs=used, reason="; ".join(reasons))
    values: dict[str, Number] = {one.name: one.value for one in used}
    for name in reversed(all_names(claim)):
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
