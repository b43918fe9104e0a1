"""Lines of bills in another currency than USD: converted at the rate that the user states for their day, or refused.

A format that states a rate of its own has converted its lines already.
"""

from decimal import ROUND_HALF_UP, Decimal, localcontext

import polars as pl

from pipelines.usage.fields import MAX_USD
from pipelines.usage.rate_file import RATE_FILE, Rates, lacking, rate_on
from pipelines.usage.rejects import rejects_of_rule

NO_RATE, TOO_LARGE = "no_exchange_rate", "amount_too_large"
_PLACES = Decimal("0.000000000001")
_DIGITS = 80
"""Of amounts times rates, so that none is cut off."""


def in_dollars(rows: pl.DataFrame, rates: Rates) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Lines (columns of ReportedCost) whose amount_usd is what is printed, in USD; and those that are refused.

    Rounded once, half up, to twelve decimals. The second frame has, as they came, lines without a rate of their day,
    and with their rate those that are worth more than MAX_USD.
    """
    is_other = pl.col("currency") != "USD"
    pairs = rows.filter(is_other).select("currency", "usage_date").unique().sort("currency", "usage_date")
    found = {pair: rate_on(rates, *pair) for pair in pairs.iter_rows()}
    known = [(*pair, rate.usd) for pair, rate in found.items() if rate is not None]
    schema = {**pairs.schema, "usd_per_currency": rows.schema["usd_per_currency"]}
    table = pl.DataFrame(known, schema=schema, orient="row")
    priced = rows.drop("usd_per_currency").join(table, on=pairs.columns, how="left", maintain_order="left")
    priced = priced.select(rows.columns)
    with localcontext(prec=_DIGITS):
        amounts = [
            amount if rate is None else (amount * rate).quantize(_PLACES, ROUND_HALF_UP)
            for amount, rate in priced.select("amount_usd", "usd_per_currency").iter_rows()
        ]
    usd = pl.Series(amounts, dtype=rows.schema["amount_usd"])
    is_refused = (is_other & pl.col("usd_per_currency").is_null()) | (pl.lit(usd).abs() > MAX_USD)
    is_whole = priced.select(~is_refused).to_series()
    return priced.with_columns(amount_usd=usd).filter(is_whole), priced.filter(~is_whole)


def refused_lines(rows: pl.DataFrame, file_names: dict[str, str]) -> pl.DataFrame:
    """Lines that `in_dollars` refuses as rows of UsageReject. `file_names`: by import_id."""
    lines = rows.sort("import_id", "source_line")
    is_lacking = (pl.col("currency") != "USD") & pl.col("usd_per_currency").is_null()
    places = ("import_id", "source_line", "currency", "usage_date")
    without_rate = rejects_of_rule(
        NO_RATE,
        (
            (import_id, file_names[import_id], line, f"{lacking(currency, day)}, and import the file again")
            for import_id, line, currency, day in lines.filter(is_lacking).select(places).iter_rows()
        ),
    )
    too_large = rejects_of_rule(
        TOO_LARGE,
        (
            (import_id, file_names[import_id], line, _too_large(amount, currency, rate))
            for import_id, line, amount, currency, rate in lines.filter(~is_lacking)
            .select(*places[:2], "amount_usd", "currency", "usd_per_currency")
            .iter_rows()
        ),
    )
    return pl.concat([without_rate, too_large])


def _too_large(amount: Decimal, currency: str, rate: Decimal | None) -> str:
    told = f"{amount.normalize():f} {currency}" + (f" at {rate.normalize():f} USD" if rate else "")
    remedy = f", put the rate in {RATE_FILE} right if that is wrong, and costs usage reread" if rate else ""
    return f"{told} is more than {MAX_USD:,} USD, which no line of a bill is; look at the file{remedy}"
