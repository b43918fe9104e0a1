"""How both of Google's price pages bound a price: by days ("through December 31, 2026") and by prompt sizes.

Which cell holds the bound, and how its text is split from the rest, belongs to the parsers.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from pipelines.sources.llm_prices.price_rows import Price
from pipelines.sources.parsed import RowCollector
from pipelines.sources.printed_dates import read_date

_TERM = re.compile(r"\b(?P<word>through|starting) (?P<day>[a-z]{3,9} \d{1,2}, \d{4})\.?\Z", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class Term:
    """The days on which a price holds, both inclusive; None where the page names no day."""

    starts_on: date | None = None
    ends_on: date | None = None

    @property
    def effective_from(self) -> datetime | None:
        """The start as a moment: midnight UTC, as the pages name no time zone."""
        return datetime.combine(self.starts_on, time()) if self.starts_on else None


@dataclass(frozen=True)
class TermPrice:
    """A price with the last day on which it holds, which a row of its own cannot say."""

    price: Price
    ends_on: date | None = None


def split_term(text: str) -> tuple[str, Term]:
    """The text before its closing term, without footnote stars, and the term; a text without one is left as it is.

    Raises ValueError for a day that is in no calendar.
    """
    bounded = _TERM.search(text)
    if bounded is None:
        return text, Term()
    day, _ = read_date(bounded["day"])
    rest = text[: bounded.start()].rstrip("* \n")
    return rest, Term(ends_on=day) if bounded["word"].lower() == "through" else Term(starts_on=day)


def followed_prices(terms: Iterable[TermPrice], collector: RowCollector) -> list[Price]:
    """The prices, but for those that end on a day for the time after which the page states none: they are refused.

    A price that ends needs no end of its own where the next one starts on the day after.
    """
    terms = list(terms)
    keys = {term.price.key() for term in terms}
    kept = []
    for term in terms:
        if term.ends_on is not None:
            start = datetime.combine(term.ends_on + timedelta(days=1), time())
            if replace(term.price, effective_from=start).key() not in keys:
                collector.reject(term.price.place, term.price.printed, f"no price for the time after {term.ends_on}")
                continue
        kept.append(term.price)
    return kept


def joined_ranges(prices: Iterable[Price]) -> list[Price]:
    """The prices of a row; two ranges of prompts that meet, at one price, as one.

    A bucket of usage then has a price, not a lower bound.
    """
    found: dict[tuple[str, str, str], list[Price]] = {}
    for price in prices:
        found.setdefault((price.region, price.meter, price.service_tier), []).append(price)
    for key, same in found.items():
        if len(same) == 2 and same[0].usd_per_unit == same[1].usd_per_unit:
            low, high = sorted(same, key=lambda price: price.context_from)
            if low.context_to == high.context_from:
                found[key] = [replace(low, context_to=high.context_to)]
    return [price for same in found.values() for price in same]


def prompt_range(sign: str | None, thousands: str | None) -> tuple[int, int | None]:
    """The prompt sizes of "<= 200k" or "> 200k": from, inclusive, and to, exclusive; all sizes without a sign."""
    if sign is None or thousands is None:
        return 0, None
    boundary = int(thousands) * 1000 + 1
    return (boundary, None) if sign == ">" else (0, boundary)
