"""Prices that the shipped history once had wrong: each beside what the provider's own page of the time says."""

from datetime import datetime
from decimal import Decimal

import polars as pl
import pytest

from pipelines.snapshots.current import in_force_at
from pipelines.snapshots.shipped_prices import shipped_versions

PAIR = ("input_uncached", "output")
LONG = 200_001
SAID = [
    # Google's page of 2026-05-07, 06-02 and 07-21; an aggregator's 0.45 and 2.70 had been dated back.
    *(("gemini-3.1-flash-lite", "api", "standard", 0, f"2026-{day}", ("0.25", "1.50")) for day in ("05-01", "07-20")),
    # xAI's page of 2026-05-08, against one witness.
    *((f"grok-4.20-{name}", "api", "standard", 0, "2026-05-10", ("1.25", "2.50"))
      for name in ("0309-reasoning", "0309-non-reasoning", "multi-agent-0309")),
    # OpenAI's page of 2025-11 and of 2026-04-27; 2.50 is another meter's price.
    *(("gpt-4o-mini-tts", "api", "standard", 0, day, ("0.60",)) for day in ("2025-06-10", "2025-12-01", "2026-04-20")),
    # No such pair as 0.15 and 0.30 was ever sold.
    ("mistral-small-latest", "api", "standard", 0, "2026-09-20", ("0.15", "0.60")),
    # Anthropic's pages of 2026-02-06 to 03-14.
    ("claude-opus-4-6", "api", "standard", LONG, "2026-02-10", ("10", "37.50")),
    ("claude-opus-4-6", "api", "fast", 0, "2026-02-10", ("30", "150")),
    # Vertex's page of 2026-05-08, batch over 200K.
    ("gemini-2.5-pro", "vertex", "batch", LONG, "2026-06-01", ("1.25", "7.50")),
    ("gemini-3-pro-preview", "vertex", "batch", LONG, "2026-06-01", ("2", "9")),
    ("gemini-3.1-pro-preview", "vertex", "batch", LONG, "2026-06-01", ("2", "9")),
    ("gemini-3.1-pro-preview", "api", "standard", 0, "2026-03-15", ("2", "12")),
    ("deepseek-chat", "api", "standard", 0, "2026-11-20", ("0.14", "0.28")),
    ("open-mistral-nemo", "api", "standard", 0, "2026-11-20", ("0.15", "0.15")),
    ("mistral-medium-3", "api", "standard", 0, "2026-11-20", ("0.4", "2")),
]  # fmt: skip


@pytest.mark.parametrize(("model", "channel", "tier", "size", "day", "usd"), SAID)
def test_the_price_of_a_day_is_what_the_provider_says(model, channel, tier, size, day, usd):
    now = in_force_at(shipped_versions().filter(pl.col("known_to").is_null()), datetime.fromisoformat(day))
    rows = now.filter(model=model, channel=channel, service_tier=tier, region="global", time_window="always").filter(
        pl.col("context_from") <= size, pl.col("context_to").is_null() | (pl.col("context_to") > size)
    )
    for meter, expected in zip(PAIR, usd, strict=False):
        assert rows.filter(meter=meter)["usd_per_unit"].to_list() == [Decimal(expected)], meter
