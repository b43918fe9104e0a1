"""Lines of a bill, as importers yield them."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import count

import polars as pl

from pipelines.schema.reported_costs import ReportedCost
from pipelines.usage.reported_costs import REPORTED_SCHEMA

DAY = date(2026, 3, 9)
START = datetime(2026, 3, 9)
_NUMBERS = count(1)


def line(usd, **differences):
    """One line of a day's bill; `usd` is text, as printed."""
    number = next(_NUMBERS)
    return {
        "cost_id": f"line {number}",
        "usage_date": DAY,
        "starts_at": START,
        "ends_at": START + timedelta(days=1),
        "provider": "openai",
        "channel": "api",
        "account_id": "default",
        "amount_usd": Decimal(usd),
        "printed_amount": usd,
        "currency": "usd",
        "is_credit": False,
        "format": "costs_api",
        "import_id": "i",
        "source_line": number,
    } | differences


def reported(*lines):
    """Lines in the columns of core.reported_cost, after its row rules."""
    return pl.DataFrame(ReportedCost.validate(pl.DataFrame(list(lines), schema=REPORTED_SCHEMA)))
