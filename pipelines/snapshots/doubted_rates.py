"""Whether the user's rates of exchange are the right way round: held against the reference rates that are known."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import duckdb

from pipelines.snapshots.user_inputs import Problem
from pipelines.usage.rate_file import RATE_FILE, rates_in_force

_REFERENCE = """
SELECT currency, max_by(usd_per_currency, rate_on) FROM core.exchange_rate WHERE known_to IS NULL GROUP BY currency
"""

_NEAR = Decimal("1.1")


def doubted_rates(connection: duckdb.DuckDBPyConnection, folder: Path) -> Iterator[Problem]:
    """One problem for each currency with a rate that is nearer, as a ratio, to the inverse of the reference rate.

    A rate may be agreed at will, and holds; but the wrong way round every figure at it is wrong.
    """
    reference: dict[str, Decimal] = dict(connection.execute(_REFERENCE).fetchall())
    for currency, rates in rates_in_force(folder).items():
        known = reference.get(currency)
        turned = [rate for rate in rates if known and _is_turned(rate.usd, known)]
        if known and turned:
            day, stated = turned[0].first, turned[0].usd.normalize()
            yield Problem(
                RATE_FILE,
                f"{folder / RATE_FILE}: the rate of {currency} for {day}, {stated:f}, looks like {currency} per USD; "
                f"the reference rate is {known.normalize():f} USD per {currency}; turn it round, or leave it if it was "
                "agreed so",
            )


def _is_turned(rate: Decimal, reference: Decimal) -> bool:
    """Whether it is on the other side of 1; near to 1, currencies cross it."""
    return (rate > 1) != (reference > 1) and max(rate / reference, reference / rate) > _NEAR
