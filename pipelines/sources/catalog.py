"""Every source: where it is, how it is read, how often, and what a healthy answer looks like. Data only.

To add a source: a parser file beside its like, one entry here, pages and a test. Terms of use and robots.txt were
looked at for each; a site that forbids it is left out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from pipelines.sources.feeds import litellm
from pipelines.sources.gpu_rates import coreweave, runpod
from pipelines.sources.lifecycle import anthropic as anthropic_deprecations
from pipelines.sources.lifecycle import openai as openai_deprecations
from pipelines.sources.llm_prices import anthropic as anthropic_prices
from pipelines.sources.llm_prices import openai as openai_prices
from pipelines.sources.parsed import Parsed

Kind = Literal["llm_prices", "gpu_rates", "lifecycle", "feeds"]

TABLE_OF_KIND: dict[Kind, str] = {
    "llm_prices": "token_price",
    "feeds": "token_price",
    "gpu_rates": "gpu_rate",
    "lifecycle": "model_lifecycle",
}
RANKS = {"page": 1, "api": 2, "aggregator": 3}
"""Who is believed first where sources disagree."""


@dataclass(frozen=True)
class Source:
    """One source. `urls` are forms of the same page, best first: the next is asked only where one fails."""

    key: str
    kind: Kind
    standing: Literal["page", "api", "aggregator"]
    urls: tuple[str, ...]
    parse: Callable[[bytes], Parsed]
    min_rows: int
    """Fewer rows than this are no healthy answer, even the first time."""
    accept: str = "text/html"
    json_body: Mapping[str, Any] | None = None
    redirect_hosts: frozenset[str] = frozenset()
    max_bytes: int = 20 * 1024 * 1024

    @property
    def table(self) -> str:
        """The table below core that its rows enter."""
        return TABLE_OF_KIND[self.kind]

    @property
    def rank(self) -> int:
        """Lower is believed first."""
        return RANKS[self.standing]


SOURCES = (
    Source(
        key="anthropic_pricing",
        kind="llm_prices",
        standing="page",
        urls=(
            "https://platform.claude.com/docs/en/about-claude/pricing.md",
            "https://platform.claude.com/docs/en/about-claude/pricing",
        ),
        parse=anthropic_prices.parse,
        min_rows=20,
        accept="text/markdown, text/html",
        redirect_hosts=frozenset({"docs.claude.com", "docs.anthropic.com"}),
    ),
    Source(
        key="openai_pricing",
        kind="llm_prices",
        standing="page",
        urls=("https://developers.openai.com/api/docs/pricing",),
        parse=openai_prices.parse,
        min_rows=20,
        redirect_hosts=frozenset({"platform.openai.com"}),
    ),
    Source(
        key="litellm",
        kind="feeds",
        standing="aggregator",
        urls=("https://raw.githubusercontent.com/BerriAI/litellm/main/model_prices_and_context_window.json",),
        parse=litellm.parse,
        min_rows=20,
        accept="application/json, text/plain",
    ),
    Source(
        key="runpod_rates",
        kind="gpu_rates",
        standing="api",
        urls=("https://api.runpod.io/graphql",),
        parse=runpod.parse,
        min_rows=5,
        accept="application/json",
        json_body={"query": runpod.QUERY},
    ),
    Source(
        key="coreweave_rates",
        kind="gpu_rates",
        standing="page",
        urls=("https://www.coreweave.com/pricing",),
        parse=coreweave.parse,
        min_rows=3,
        redirect_hosts=frozenset({"coreweave.com"}),
    ),
    Source(
        key="openai_deprecations",
        kind="lifecycle",
        standing="page",
        urls=("https://developers.openai.com/api/docs/deprecations",),
        parse=openai_deprecations.parse,
        min_rows=5,
        redirect_hosts=frozenset({"platform.openai.com"}),
    ),
    Source(
        key="anthropic_deprecations",
        kind="lifecycle",
        standing="page",
        urls=("https://platform.claude.com/docs/en/about-claude/model-deprecations.md",),
        parse=anthropic_deprecations.parse,
        min_rows=5,
        accept="text/markdown",
        redirect_hosts=frozenset({"docs.claude.com", "docs.anthropic.com"}),
    ),
)

SOURCES_BY_KEY = {source.key: source for source in SOURCES}


def relocated(url: str, base_url: str | None) -> str:
    """The same page below another address, as recorded pages are served: {base_url}/{host}/{path}."""
    if base_url is None:
        return url
    parts = urlsplit(url)
    return f"{base_url.rstrip('/')}/{parts.netloc}{parts.path}"
