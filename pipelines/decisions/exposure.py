"""What the articles call hidden costs that no bill shows: each a number out of usage, or "not in your data".

Pure sums on what was read; `answer_exposure` reads. Money is USD of a month of 30 days, exact.

- vendor lock-in: the share of the largest vendor, and what a rise of its prices by a tenth costs a month
- rate limits: the busiest minute of a model, and how much of a limit it is where the user names the limit
- deprecation: spend on models with a known end, days left, and what the replacements cost more
- unpredictable cost: the dearest day against the median one, and what a month of such days costs
- data exposure: tokens sent to third parties, by the region that they were billed in
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from statistics import median

RISE = Decimal("0.10")
"""The rise of prices that is asked about."""
EXPOSURES = ("vendor_lock_in", "rate_limits", "deprecation", "unpredictable_cost", "data_exposure")
NOT_IN_DATA = "not in your data"
USD_A_MONTH = "USD a month"


@dataclass(frozen=True)
class Measure:
    """One figure. `value` None: it is not in the data, and `how` says what would tell."""

    exposure: str
    measure: str
    value: str | None
    unit: str
    how: str


@dataclass(frozen=True)
class Ending:
    """A model in use that has a known end."""

    model: str
    days_left: int
    usd_a_month: Decimal | None
    replacement_usd_a_month: Decimal | None
    """What its replacement costs more."""


def vendor_lock_in(usd_by_vendor: Mapping[str, Decimal], migration_usd: Decimal | None) -> list[Measure]:
    """Of USD a month by vendor. `migration_usd`: what a move costs once, in the user's word."""
    total = sum(usd_by_vendor.values(), Decimal(0))
    name = "vendor_lock_in"
    found = []
    if total:
        largest = max(usd_by_vendor, key=lambda vendor: (usd_by_vendor[vendor], vendor))
        share = usd_by_vendor[largest] / total
        squares = sum(((usd / total) ** 2 for usd in usd_by_vendor.values()), Decimal(0))
        found = [
            Measure(name, "vendors", str(len(usd_by_vendor)), "vendors", "who bills"),
            Measure(name, f"share of {largest}", _rounded(share, "0.0001"), "1", "its spend / all spend"),
            Measure(name, "concentration", _rounded(squares, "0.0001"), "1", "sum of squared shares; 1 is one vendor"),
            Measure(
                name,
                f"prices of {largest} rise by 10 %",
                _rounded(usd_by_vendor[largest] * RISE),
                USD_A_MONTH,
                "its spend * 0.10",
            ),
        ]
    else:
        found = [Measure(name, "share of the largest vendor", None, "1", "no spend is known")]
    how = "migration_usd of a scenario says it" if migration_usd is None else "once, as the scenario states it"
    moved = None if migration_usd is None else _rounded(migration_usd)
    return [*found, Measure(name, "moving to another vendor", moved, "USD, once", how)]


def rate_limits(
    busiest: Mapping[str, Fraction], limits: Mapping[str, int], how: str = "busiest minute of one model, from requests"
) -> list[Measure]:
    """`busiest`: "requests" and "tokens" of the busiest minute of a model; `limits` a minute, in the user's word."""
    found = []
    for what in ("requests", "tokens"):
        peak = busiest.get(what)
        shown = None if peak is None else _rounded(peak, "1")
        found.append(Measure("rate_limits", f"{what} in the busiest minute", shown, f"{what} a minute", how))
        used = None if peak is None or what not in limits else _rounded(peak / limits[what], "0.0001")
        note = f"/ the limit of {limits[what]:,}" if what in limits else f"--{what}-per-minute names your limit"
        found.append(Measure("rate_limits", f"share of the limit of {what}", used, "1", note))
    no_log = "no log marks requests that were refused or waited"
    return [*found, Measure("rate_limits", "requests refused", None, "requests", no_log)]


def deprecation(endings: Sequence[Ending] | None, usd_a_month: Decimal, why_none: str) -> list[Measure]:
    """Of models in use; `endings` None where no list of ends is known, for the reason given."""
    name = "deprecation"
    if endings is None:
        return [Measure(name, "spend on models with a known end", None, USD_A_MONTH, why_none)]
    spend = sum((one.usd_a_month or Decimal(0) for one in endings), Decimal(0))
    found = [
        Measure(name, "models in use with a known end", str(len({one.model for one in endings})), "models", "by list"),
        Measure(name, "spend on them", _rounded(spend), USD_A_MONTH, "of the last 30 days"),
    ]
    if usd_a_month:
        found.append(Measure(name, "their share of spend", _rounded(spend / usd_a_month, "0.0001"), "1", "/ all spend"))
    if endings:
        first = min(endings, key=lambda one: (one.days_left, one.model))
        found.append(Measure(name, f"first to end: {first.model}", str(first.days_left), "days", "to its expected end"))
    known = [one.replacement_usd_a_month for one in endings if one.replacement_usd_a_month is not None]
    more = _rounded(sum(known, Decimal(0))) if known else None
    how = "price of the named replacement on the own mix" if known else "no replacement has a price"
    found.append(Measure(name, "replacements cost more", more, USD_A_MONTH, how))
    return [*found, Measure(name, "testing and rewriting prompts", None, "USD, once", "no log tells people's time")]


def unpredictable_cost(usd_by_day: Mapping[date, Decimal], budget: Decimal | None) -> list[Measure]:
    """Of the spend of each day, days without any included by the caller."""
    name = "unpredictable_cost"
    if len(usd_by_day) < 2:
        return [Measure(name, "dearest day over the median day", None, "times", "needs the spend of several days")]
    amounts = list(usd_by_day.values())
    middle, most = median(amounts), max(amounts)
    mean = sum(amounts, Decimal(0)) / len(amounts)
    spread = (sum(((one - mean) ** 2 for one in amounts), Decimal(0)) / len(amounts)).sqrt()
    dearest = min(day for day, usd in usd_by_day.items() if usd == most)
    times = _rounded(most / middle, "0.01") if middle else None
    found = [
        Measure(name, f"dearest day, {dearest}", _rounded(most), "USD", "spend by UTC day"),
        Measure(name, "dearest day over the median day", times, "times", f"median {_rounded(middle)} USD"),
        Measure(name, "a month of such days", _rounded(most * 30), USD_A_MONTH, "dearest day * 30"),
        Measure(
            name, "spread of the days", _rounded(spread / mean, "0.0001") if mean else None, "1", "deviation / mean"
        ),
    ]
    cap = None if budget is None else _rounded(budget)
    how = "COSTS_MONTHLY_BUDGET_USD" if budget is not None else "none is set: COSTS_MONTHLY_BUDGET_USD"
    return [*found, Measure(name, "budget", cap, USD_A_MONTH, how)]


def data_exposure(tokens_by_place: Mapping[tuple[str, str, str], int]) -> list[Measure]:
    """Of tokens a month by (provider, channel, region)."""
    name = "data_exposure"
    total = sum(tokens_by_place.values())
    if not total:
        return [Measure(name, "tokens sent to third parties", None, "tokens a month", "no tokens are known")]
    placed = sum(count for (_, _, region), count in tokens_by_place.items() if region != "global")
    found = [
        Measure(name, "tokens sent to third parties", str(total), "tokens a month", "all that was billed"),
        Measure(name, "billed in a named region", _rounded(Fraction(placed, total), "0.0001"), "1", "of these tokens"),
    ]
    for (provider, channel, region), count in sorted(tokens_by_place.items(), key=lambda item: (-item[1], item[0])):
        share = _rounded(Fraction(count, total), "0.0001")
        found.append(Measure(name, f"{provider}, {channel}, {region}", share, "1", "share of the tokens"))
    return [*found, Measure(name, "where it was processed and kept", None, "places", "no log tells; contracts do")]


def _rounded(amount: Decimal | Fraction, places: str = "0.01") -> str:
    """Half up."""
    exact = amount if isinstance(amount, Decimal) else Decimal(amount.numerator) / Decimal(amount.denominator)
    return f"{exact.quantize(Decimal(places), ROUND_HALF_UP):f}"
