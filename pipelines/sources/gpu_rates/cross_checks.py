"""Catalogs of GPU rates that others keep: one entry per provider and catalog. Data only.

Never an offer beside the provider's own: main.gpu_rate_conflict shows where they differ.
"""

from pipelines.sources.gpu_rates.addresses import GPUHUNT_PROVIDERS, gpuhunt_version_url, skypilot_url
from pipelines.sources.parser_function import ParserFunction
from pipelines.sources.source import Source

CROSS_CHECKS = (
    *(
        Source(
            key=f"gpuhunt_{provider}_rates",
            kind="gpu_rates",
            standing="aggregator",
            urls=(gpuhunt_version_url(name),),
            parse=ParserFunction("gpu_rates.gpuhunt"),
            min_rows=5,
            accept="*/*",
            next_page=ParserFunction("gpu_rates.gpuhunt", "next_page"),
        )
        for name, provider in GPUHUNT_PROVIDERS.items()
    ),
    *(
        Source(
            key=f"skypilot_{cloud}_rates",
            kind="gpu_rates",
            standing="aggregator",
            urls=(skypilot_url(cloud),),
            parse=ParserFunction("gpu_rates.skypilot", f"parse_{cloud}"),
            min_rows=5,
            accept="text/plain",
        )
        for cloud in ("aws", "lambda", "nebius", "runpod", "verda")
    ),
)
