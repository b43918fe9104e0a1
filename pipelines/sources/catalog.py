"""Every source, by kind, and their authority.

To add a source: a parser file beside its like, one entry in the `sources.py` beside it, pages and a test. Terms of use
and robots.txt were looked at for each; a site that forbids it is left out.
"""

from urllib.parse import urlsplit

from pipelines.sources.exchange_rates.sources import EXCHANGE_RATES
from pipelines.sources.feeds.sources import FEEDS
from pipelines.sources.gpu_rates.sources import GPU_RATES
from pipelines.sources.lifecycle.sources import LIFECYCLES
from pipelines.sources.llm_prices.sources import LLM_PRICES
from pipelines.sources.source import GPU_RATE_HISTORY, PRICE_HISTORY, RANKS, Source

__all__ = ["SOURCES", "SOURCES_BY_KEY", "Source", "ranks", "relocated"]

SOURCES = (*LLM_PRICES, *FEEDS, *GPU_RATES, *EXCHANGE_RATES, *LIFECYCLES)
SOURCES_BY_KEY = {source.key: source for source in SOURCES}


def ranks() -> dict[str, int]:
    """The authority of sources: one rank each, the lower counts first; the order of SOURCES breaks ties."""
    ordered = sorted(SOURCES, key=lambda source: RANKS[source.standing])
    keys = [*(source.key for source in ordered), PRICE_HISTORY, GPU_RATE_HISTORY]
    return {key: rank for rank, key in enumerate(keys, start=1)}


def relocated(url: str, base_url: str | None) -> str:
    """The same page below another address, as recorded pages are served: {base_url}/{host}/{path}."""
    if base_url is None:
        return url
    parts = urlsplit(url)
    return f"{base_url.rstrip('/')}/{parts.netloc}{parts.path}"
