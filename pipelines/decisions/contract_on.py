"""The contract as it was known at the end of a day, for what is decided on that day."""

from datetime import date

import duckdb
import polars as pl

from pipelines.costs.agreed_prices import Agreed, agreed_prices
from pipelines.costs.quoted_prices import QuotedPrices
from pipelines.snapshots.current import end_of_day

_SELLERS = "SELECT DISTINCT ON (price_id) price_id, model, provider FROM core.token_price ORDER BY ALL"


def contract_on(connection: duckdb.DuckDBPyConnection, day: date) -> Agreed | None:
    """Prices and discounts over all listed prices; None: there is no contract."""
    prices = QuotedPrices(connection, "core.token_price", str, end_of_day(day), {})
    terms = prices.terms()
    versions = connection.sql(_SELLERS).pl() if terms.height else pl.DataFrame()
    return agreed_prices(terms, versions, prices.paid_in_bands(terms))
