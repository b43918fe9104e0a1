"""Price feeds of third parties, for cross-checks and where a provider has no page of its own. Data only."""

from pipelines.sources.parser_function import ParserFunction
from pipelines.sources.source import Source

FEEDS = (
    Source(
        key="litellm",
        kind="feeds",
        standing="aggregator",
        urls=("https://raw.githubusercontent.com/BerriAI/litellm/main/model_prices_and_context_window.json",),
        parse=ParserFunction("feeds.litellm"),
        min_rows=100,
        is_proven=True,
        accept="application/json, text/plain",
    ),
    Source(
        key="tokencost",
        kind="feeds",
        standing="aggregator",
        urls=("https://raw.githubusercontent.com/AgentOps-AI/tokencost/main/tokencost/model_prices.json",),
        parse=ParserFunction("feeds.litellm"),
        min_rows=100,
        is_proven=True,
        accept="application/json, text/plain",
    ),
    Source(
        key="genai_prices",
        kind="feeds",
        standing="aggregator",
        urls=("https://raw.githubusercontent.com/pydantic/genai-prices/main/prices/new_data/v2/data.json",),
        parse=ParserFunction("feeds.genai_prices"),
        min_rows=500,
        is_proven=True,
        accept="application/json, text/plain",
    ),
    Source(
        key="simonw_llm_prices",
        kind="feeds",
        standing="aggregator",
        urls=("https://www.llm-prices.com/historical-v1.json",),
        parse=ParserFunction("feeds.llm_prices"),
        min_rows=200,
        accept="application/json, text/plain",
    ),
    Source(
        key="models_dev",
        kind="feeds",
        standing="aggregator",
        urls=("https://models.dev/api.json",),
        parse=ParserFunction("feeds.models_dev"),
        min_rows=500,
        accept="application/json",
    ),
    Source(
        key="model_price_hub",
        kind="feeds",
        standing="aggregator",
        urls=("https://raw.githubusercontent.com/Microllin/model-price-hub/main/data/latest.json",),
        parse=ParserFunction("feeds.model_price_hub"),
        min_rows=300,
        is_proven=True,
        accept="application/json, text/plain",
    ),
    Source(
        key="openrouter_models",
        kind="feeds",
        standing="api",
        urls=("https://openrouter.ai/api/v1/models",),
        parse=ParserFunction("feeds.openrouter"),
        min_rows=300,
        accept="application/json",
    ),
)
