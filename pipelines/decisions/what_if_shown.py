"""The answer of `costs what-if` as a dict of texts and numbers, for JSON and for the terminal. Money is exact text."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from pipelines.costs.reprice import EQUAL
from pipelines.decisions.paid_cost import CONTRACT, LIST
from pipelines.decisions.what_if import FORMULA_VERSION, Amounts, WhatIf, cheapest
from pipelines.decisions.what_if_question import WhatIfQuestion
from pipelines.schema.offers import OFFER

MONEY = ("spent_usd", "same_usd", "low_usd", "high_usd")
RULES = (
    "meters that the target does not sell count as: cache write 1h -> cache write 5m -> input; cache read -> input; "
    "audio and image cache reads -> their input; any other is unknown",
    "cold cache, once: by conversation (else by key) the largest cached prefix of the busiest hour of the last day "
    "used, at the price of a cache write (else of input) less that of a cache read",
)


def shown(rows: Sequence[WhatIf], question: WhatIfQuestion) -> dict[str, Any]:
    """The answer, with its rules and notes."""
    best = cheapest(rows)
    return {
        "date": question.day.isoformat(),
        "factors": {
            "tokenizer": [_factor(one.tokenizer) for one in (question.low, question.high)],
            "output_length": [_factor(one.output_length) for one in (question.low, question.high)],
        },
        "rows": [_row(row, is_cheapest=best.get(tuple(row.source.values())) is row) for row in rows],
        "total": _total(rows) if question.target else None,
        "price_basis": {"*": LIST, "*_effective_usd": CONTRACT},
        "rules": list(RULES),
        "notes": _notes(rows, question),
        "formula_version": FORMULA_VERSION,
    }


def _row(row: WhatIf, *, is_cheapest: bool) -> dict[str, Any]:
    return {
        "task_class": row.source["task_class"],
        "source": {name: row.source[name] for name in OFFER},
        "target": dict(row.target),
        "usage_rows": row.usage_rows,
        "tokens": dict(row.tokens),
        **_amounts(row.listed, "usd"),
        **_amounts(row.effective, "effective_usd"),
        "is_cheapest": is_cheapest,
        "is_lower_bound": row.is_lower_bound or row.lacks_writes,
        "mapped": [{"meter": meter, "counted_as": other} for meter, other in row.mapped],
        "unknown": [{"meter": meter, "reason": reason} for meter, reason in row.reasons],
        "price_ids": list(row.price_ids),
    }


def _amounts(paid: Amounts, unit: str) -> dict[str, str | None]:
    return {
        **{name.removesuffix("usd") + unit: plain(getattr(paid, name)) for name in (*MONEY, "cold_cache_usd")},
        f"change_low_{unit}": _difference(paid.low_usd, paid.same_usd),
        f"change_high_{unit}": _difference(paid.high_usd, paid.same_usd),
    }


def _total(rows: Sequence[WhatIf]) -> dict[str, Any]:
    """The sums over all rows; None where one of them is."""
    sums: dict[str, Any] = {}
    for unit, paid in (("usd", [row.listed for row in rows]), ("effective_usd", [row.effective for row in rows])):
        by_offer = {
            tuple(row.source[name] for name in OFFER): one.cold_cache_usd for row, one in zip(rows, paid, strict=True)
        }
        amounts = {name: [getattr(one, name) for one in paid] for name in MONEY}
        for name, values in (amounts | {"cold_cache_usd": list(by_offer.values())}).items():
            known = [value for value in values if value is not None]
            total = sum(known, Decimal(0)) if len(known) == len(values) else None
            sums[name.removesuffix("usd") + unit] = plain(total)
    return sums


def _notes(rows: Sequence[WhatIf], question: WhatIfQuestion) -> list[str]:
    notes = ["no claim of quality: which models are good enough is the user's word"]
    if question.low == question.high == EQUAL:
        notes.append(
            "tokenizer and output length are taken as equal (factor 1), which nobody has measured here; give ranges "
            "such as --tokenizer 1..1.3 --output-length 0.8..1.5"
        )
    if any(row.target["service_tier"] != "standard" and dict(row.mapped).get("cache_read") for row in rows):
        notes.append(
            "the list prints no cache price for that tier, so cache reads count as input there: it costs at most this "
            "where the provider lets both discounts hold"
        )
    if any(row.lacks_writes for row in rows):
        notes.append("no cache writes are counted, and the target bills them: it costs at least this")
    return notes


def _difference(there: Decimal | None, here: Decimal | None) -> str | None:
    return None if there is None or here is None else plain(there - here)


def _factor(factor: Fraction) -> str:
    return f"{Decimal(factor.numerator) / Decimal(factor.denominator):f}"


def plain(amount: Decimal | None) -> str | None:
    """All digits that count, without exponent or trailing zeros."""
    if amount is None:
        return None
    text = f"{amount:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"
