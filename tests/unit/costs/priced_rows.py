"""Usage rows and price segments for the tests of pricing."""

from datetime import datetime, timedelta
from decimal import Decimal

import polars as pl

from pipelines.costs.pricing.price_usage import price_usage
from pipelines.schema.costs import UsageCost
from pipelines.schema.price_segments import SEGMENT_SCHEMA
from pipelines.usage.contract import usage_frame

NOON = datetime(2025, 10, 7, 12)
BUCKET = {"grain": "bucket", "usage_until": NOON + timedelta(hours=12)}
REQUEST = {
    "usage_at": NOON,
    "grain": "request",
    "provider": "openai",
    "channel": "api",
    "region": "global",
    "model": "gpt-5-mini",
    "service_tier": "standard",
    "format": "openai_dashboard",
    "import_id": "i",
    "source_line": 1,
}


def segment(meter, usd, number=0, **differences):
    row = {
        "provider": "openai",
        "channel": "api",
        "region": "global",
        "model": "gpt-5-mini",
        "service_tier": "standard",
        "meter": meter,
        "segment_id": number,
        "valid_from": datetime(2025, 8, 7),
        "context_from": 0,
        "time_window": "always",
        "unit": "thousand_calls" if meter in ("requests", "web_searches") else "mtok",
        "usd_per_unit": Decimal(usd),
        "price_id": f"{meter}-{number}",
        "source": "openai_pricing",
    }
    return row | differences


def price(usage, segments):
    rows = [REQUEST | {"usage_id": str(number)} | row for number, row in enumerate(usage)]
    costs = price_usage(usage_frame(rows).lazy(), pl.DataFrame(segments, schema=SEGMENT_SCHEMA))
    return pl.DataFrame(UsageCost.validate(costs))


def outcomes(costs):
    return costs.sort("meter").select("meter", "quantity", "cost_usd", "unpriced_reason").rows()


# GPT-5.4 prints one price up to 272,000 tokens of prompt and another above.
BY_SIZE = [
    segment("input_uncached", "2.5", 0, context_to=272_001, price_id="short"),
    segment("input_uncached", 5, 0, context_from=272_001, price_id="long"),
    segment("cache_read", "0.25", 1, context_to=272_001, price_id="short"),
    segment("cache_read", "0.5", 1, context_from=272_001, price_id="long"),
    segment("output", 15, 2, context_to=272_001, price_id="short"),
    segment("output", "22.5", 2, context_from=272_001, price_id="long"),
]
# DeepSeek, 2026.
PEAK_HOURS = "mon-fri 01:00-04:00,06:00-10:00 except CN holidays"
