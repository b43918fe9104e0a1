"""The day in pricing/README.md costs what the page says, worked out there by hand."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.costs.pricing import price_usage
from tests.unit.costs.priced_rows import BY_SIZE, NOON, price

README = Path(price_usage.__file__).with_name("README.md").read_text(encoding="utf-8")
MIDNIGHT = NOON.replace(hour=0)
DAY = [
    {"usage_at": NOON - timedelta(hours=4), "input_uncached_tokens": 100_000, "cache_read_tokens": 200_000,
     "output_tokens": 2_000},
    {"usage_at": NOON - timedelta(hours=3), "input_uncached_tokens": 10_000, "output_tokens": 1_000},
    {"usage_at": NOON + timedelta(hours=11), "input_uncached_tokens": 30_000, "output_tokens": 500},
    {"usage_at": MIDNIGHT, "grain": "bucket", "usage_until": MIDNIGHT + timedelta(days=1),
     "input_uncached_tokens": 1_000_000, "cache_read_tokens": 4_000_000, "output_tokens": 50_000},
]  # fmt: skip


@pytest.mark.parametrize(
    ("is_lower_bound", "price_id", "costs"),
    [
        (False, "long", {"input_uncached": "0.500", "cache_read": "0.100", "output": "0.045"}),
        (False, "short", {"input_uncached": "0.100", "output": "0.0225"}),
        (True, "short", {"input_uncached": "2.500", "cache_read": "1.000", "output": "0.750"}),
    ],
    ids="ABC",
)
def test_the_sums_of_the_example(is_lower_bound, price_id, costs):
    found = price(DAY, BY_SIZE).filter(is_lower_bound=is_lower_bound, price_id=price_id)
    assert dict(found.select("meter", "cost_usd").iter_rows()) == {
        meter: Decimal(cost) for meter, cost in costs.items()
    }
    assert all(f" {cost} " in README for cost in costs.values())


def test_what_the_bucket_would_cost_if_all_its_prompts_were_long():
    bucket = DAY[3] | {"prompt_tokens_from": 272_001}
    assert price([bucket], BY_SIZE)["cost_usd"].sum() == Decimal("8.125")
