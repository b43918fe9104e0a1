"""What sums of what is owed have at list price, since nobody has stated the rate of exchange: found, and said."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from pipelines.warehouse import SQL_FOLDER
from pipelines.warehouse.published import PublishedWarehouse

_STATEMENT = SQL_FOLDER / "report" / "days_at_list.sql"
Days = Iterable[tuple[date, Decimal]]
"""A day, and what of its usage stands at list price, in USD."""


def days_at_list(warehouse: PublishedWarehouse, first: date | None, last: date | None, owner: str = "") -> Days:
    """Of a period, both days included."""
    begin, end = first or date(1, 3, 1), last or date.max
    asked = {"first": begin, "last": end, "owner": owner}
    with warehouse.read() as connection:
        rows = connection.execute(_STATEMENT.read_text(encoding="utf-8"), asked).fetchall()
    return [(day, usd) for day, usd in rows if begin <= day <= end]


def at_list_note(days: Days) -> str | None:
    """What to say beside a sum of some days; None where there is nothing to say."""
    found = sorted(days)
    if not found:
        return None
    first, last = found[0][0], found[-1][0]
    when = f"{first}" if first == last else f"{len(found)} days from {first} to {last}"
    usd = sum((usd for _, usd in found), Decimal(0))
    return (
        f"{usd:,.2f} USD of it, of {when}, are at list price: what was agreed is in a currency without a rate there in "
        "exchange_rates.csv; costs doctor names line and day"
    )
