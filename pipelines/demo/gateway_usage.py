"""Sample usage of a gateway in our own format (docs/usage_format.md), the same bytes at every call. Invented volumes.

A product that buys of two providers through one gateway, an account of its own. One of its models was retired long
before and is answered, and billed, by another: whoever only reads the logs does not see it.
"""

import csv
import io
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random

from pipelines.demo.sample_usage import DAY_WITHOUT_USAGE, SEED, Stream, days_until, level_of

GATEWAY_EXPORT = "gateway_usage.csv"
ACCOUNT = "gateway"
ASSISTANT = ("assistant", "", "key_demo_assistant")
PROVIDERS = {"grok-4-1-fast-reasoning": "xai", "claude-opus-4-8": "anthropic"}
STREAMS = (
    Stream(ASSISTANT, "claude-opus-4-8", 1_200, 9_000, 700, 0.65),
    # Retired on 2026-05-15: xAI answers with grok-4.3 since, at six times the price of input.
    Stream(ASSISTANT, "grok-4-1-fast-reasoning", 6_500, 3_200, 500, 0.50),
)
COLUMNS = (
    *("usage_at", "usage_until", "provider", "model", "account_id", "project_id", "api_key_id", "feature"),
    *("requests", "input_uncached_tokens", "cache_read_tokens", "output_tokens"),
)


def write_gateway_usage(folder: Path, until: date) -> Path:
    """Write the daily buckets of the days before `until` into a folder that is there, and return their file."""
    rng = Random(SEED + 2)  # noqa: S311 - repeatable on purpose, and nothing is secret
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    for day in days_until(until):
        start, end = (datetime.combine(on, time()).isoformat() + "Z" for on in (day, day + timedelta(days=1)))
        for stream in STREAMS if day != DAY_WITHOUT_USAGE else ():
            project, _, key = stream.owner
            sums = stream.day_of(rng, level_of(day))
            fresh = sums.sent - sums.cached
            whose = (PROVIDERS[stream.model], stream.model, ACCOUNT, project, key, "assistant")
            table.writerow((start, end, *whose, sums.requests, fresh, sums.cached, sums.output))
    file = folder / GATEWAY_EXPORT
    file.write_bytes(text.getvalue().encode())
    return file
