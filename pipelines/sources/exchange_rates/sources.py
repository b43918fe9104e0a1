"""Sources of reference rates of exchange: one entry per source. Data only."""

from pipelines.sources.parser_function import ParserFunction
from pipelines.sources.source import Source

EXCHANGE_RATES = (
    # The structure is proven by public copies of the file, not by a whole capture of our own.
    Source(
        key="ecb_exchange_rates",
        kind="exchange_rates",
        standing="api",
        urls=("https://www.ecb.europa.eu/stats/eurofxref/eurofxref-daily.xml",),
        parse=ParserFunction("exchange_rates.ecb"),
        min_rows=20,
        accept="application/xml, text/xml",
        max_bytes=1024 * 1024,
    ),
)
