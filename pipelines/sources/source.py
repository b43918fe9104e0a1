"""What a source is: where it is, how it is read, how often, and what a healthy answer looks like."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pipelines.sources.api_key import ApiKey

if TYPE_CHECKING:  # the libraries that fetch and parse are not needed to know what there is to read
    from pipelines.sources.paged_fetch import NextPage
    from pipelines.sources.parsed import Parsed

Kind = Literal["llm_prices", "gpu_rates", "lifecycle", "feeds", "exchange_rates"]
Standing = Literal["page", "api", "aggregator"]

TABLE_OF_KIND: dict[Kind, str] = {
    "llm_prices": "token_price",
    "feeds": "token_price",
    "gpu_rates": "gpu_rate",
    "lifecycle": "model_lifecycle",
    "exchange_rates": "exchange_rate",
}
RANKS: dict[Standing, int] = {"page": 1, "api": 2, "aggregator": 3}
"""Whose statement counts first where sources disagree."""
PRICE_HISTORY = "price_history"
"""The source of shipped prices: what was in force before the first fetch of a source. Every source outranks it."""
GPU_RATE_HISTORY = "gpu_rate_history"
"""The source of shipped GPU rates; every source that is read outranks it."""


@dataclass(frozen=True)
class Source:
    """One source. `urls` are forms of the same page, best first: the next is asked only where one fails."""

    key: str
    kind: Kind
    standing: Standing
    urls: tuple[str, ...]
    parse: "Callable[[bytes], Parsed]"
    min_rows: int
    """Fewer rows than this are no healthy answer, even the first time."""
    is_proven: bool = False
    """Whether the parser was held to a whole real answer; else its first accepted live run proves it."""
    accept: str = "text/html"
    json_body: Mapping[str, Any] | None = None
    redirect_hosts: frozenset[str] = frozenset()
    max_bytes: int = 20 * 1024 * 1024
    next_page: "NextPage | None" = None
    """Where a list comes in pages: the address of the next one; the archived body is a JSON array of the pages."""
    api_key: ApiKey | None = None
    """Where the user's key is found, for a source that answers only with one; without a key it is not asked."""

    def is_asked(self, environ: Mapping[str, str]) -> bool:
        """Whether the source can be asked: it needs no key, or the user gave one."""
        return self.api_key is None or self.api_key.is_set(environ)

    @property
    def table(self) -> str:
        """The table below core that its rows enter."""
        return TABLE_OF_KIND[self.kind]
