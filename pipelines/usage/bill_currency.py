"""Lines of bills in another currency than USD: converted at the rate that the user states for their day, or refused.

A format that states a rate of its own has converted its lines already.
"""

from decimal import ROUND_HALF_UP, Decimal, localcontext

import polars as pl

from pipelines.usage.rate_file import Rates, lacking, rate_on
from pipelines.usage.rejects import rejects_of_rule

NO_RATE = "no_exchange_rate"
_PLACES = Decimal("0.000000000001")
_DIGITS = 80
"""Of amounts times rates, so that none is cut off."""


def in_dollars(rows: pl.DataFrame, rates: Rates) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Lines (columns of ReportedCost) whose amount_usd is what is printed, in USD; and those without a rate.

    Rounded once, half up, to twelve decimals. The second frame has the same lines as they came.
    """
    is_other = pl.col("currency") != "USD"
    pairs = rows.filter(is_other).select("currency", "usage_date").unique().sort("currency", "usage_date")
    found = {pair: rate_on(rates, *pair) for pair in pairs.iter_rows()}
    known = [(*pair, rate.usd) for pair, rate in found.items() if rate is not None]
    schema = {**pairs.schema, "usd_per_currency": rows.schema["usd_per_currency"]}
    table = pl.DataFrame(known, schema=schema, orient="row")
    priced = rows.drop("usd_per_currency").join(table, on=pairs.columns, how="left", maintain_order="left")
    is_lacking = is_other & pl.col("usd_per_currency").is_null()
    whole = priced.filter(~is_lacking).select(rows.columns)
    with localcontext(prec=_DIGITS):
        amounts = [
            amount if rate is None else (amount * rate).quantize(_PLACES, ROUND_HALF_UP)
            for amount, rate in whole.select("amount_usd", "usd_per_currency").iter_rows()
        ]
    converted = whole.with_columns(amount_usd=pl.Series(amounts, dtype=rows.schema["amount_usd"]))
    return converted, priced.filter(is_lacking).select(rows.columns)


def rejects_without_rate(rows: pl.DataFrame, file_names: dict[str, str]) -> pl.DataFrame:
    """Lines that `in_dollars` refuses as rows of UsageReject. `file_names`: by import_id."""
    lines = rows.sort("import_id", "source_line").select("import_id", "source_line", "currency", "usage_date")
    return rejects_of_rule(
        NO_RATE,
        (
            (import_id, file_names[import_id], line, f"{lacking(currency, day)}, and import the file again")
            for import_id, line, currency, day in lines.iter_rows()
        ),
    )
