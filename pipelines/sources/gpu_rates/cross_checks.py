"""Catalogs of GPU rates that others keep: one entry per provider and catalog. Data only.

Never an offer beside the provider's own: main.gpu_rate_conflict shows where they differ.
"""

from pipelines.sources.gpu_rates import gpuhunt, skypilot
from pipelines.sources.source import Source

CROSS_CHECKS = (
    *(
        Source(
            key=f"gpuhunt_{provider}_rates",
            kind="gpu_rates",
            standing="aggregator",
            urls=(gpuhunt.version_url(name),),
            parse=gpuhunt.parse,
            min_rows=5,
            accept="*/*",
            next_page=gpuhunt.next_page,
        )
        for name, provider in gpuhunt.PROVIDERS.items()
    ),
    *(
        Source(
            key=f"skypilot_{cloud}_rates",
            kind="gpu_rates",
            standing="aggregator",
            urls=(skypilot.url(cloud),),
            parse=parse,
            min_rows=5,
            accept="text/plain",
        )
        for cloud, parse in (
            ("aws", skypilot.parse_aws),
            ("lambda", skypilot.parse_lambda),
            ("nebius", skypilot.parse_nebius),
            ("runpod", skypilot.parse_runpod),
            ("verda", skypilot.parse_verda),
        )
    ),
)
