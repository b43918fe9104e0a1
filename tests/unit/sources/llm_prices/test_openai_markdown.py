"""OpenAI's pricing page in Markdown: an excerpt in its structure, with figures of 2026-09."""

from decimal import Decimal

import polars as pl
import pytest

from pipelines.schema.token_prices import TokenPriceObservation
from pipelines.sources.llm_prices.openai import parse
from pipelines.sources.parsed import ParseError

COLUMNS = ("input", "cached input", "cache writes", "output")
HEADER = f"| Model | {' | '.join(f'{size} context {name}' for size in ('Short', 'Long') for name in COLUMNS)} |"
RULE = "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
BOUNDARY = "Short context: \u2264272K input tokens. Long context: >272K input tokens."
PAGE = f"""# Pricing

> For the complete documentation index, see [llms.txt](/llms.txt).

Flagship models

Prices per 1M tokens.

Standard

### Standard pricing data

{HEADER}
{RULE}
| gpt-6-sol | $2.00 | $0.20 | $2.50 | $10.00 | $4.00 | $0.40 | $5.00 | $15.00 |
| gpt-5.5 (<272K context length) | $5.00 | $0.50 | - | $30.00 | $10.00 | $1.00 | - | $45.00 |
| gpt-4o | $2.50 | $1.25 | - | $10.00 | - | - | - | - |

{BOUNDARY}

Batch

### Batch pricing data

{HEADER}
{RULE}
| gpt-4o | $1.25 | - | - | $5.00 | - | - | - | - |

Fast mode

### Fast pricing data

{HEADER}
{RULE}
| gpt-5 | $2.50 | $0.25 | - | $20.00 | - | - | - | - |

Priority processing was renamed Fast mode on July 30, 2026.

Realtime and audio generation models

### Grouped Pricing Table data

| Model | Modality | Input | Cached input | Output / cost |
| --- | --- | --- | --- | --- |
| gpt-realtime-2.1 | Audio | $32.00 | $0.40 | $64.00 |
| gpt-realtime-2.1 | Image | $5.00 | $0.50 | - |

Video generation models

Standard

### Grouped Pricing Table data

| Model | Size | Portrait | Landscape | Price per second |
| --- | --- | --- | --- | --- |
| sora-2 | 720p | 720x1280 | 1280x720 | $0.10 |

Tools

### Grouped Pricing Table data

| Tool | Details | Pricing |
| --- | --- | --- |
| Web search | Web search (all models) | $10.00 / 1k calls + Search content tokens billed at model rates. |
| File search | Tool call | $2.50 / 1k calls |

Specialized models

Fast mode

### Grouped Pricing Table data

| Category | Model | Input | Cached input | Output |
| --- | --- | --- | --- | --- |
| Codex | gpt-5.3-codex | $3.50 | $0.35 | $28.00 |

Finetuning

Batch

### Pricing Table data

| Model | Training | Input | Cached input | Output |
| --- | --- | --- | --- | --- |
| gpt-4o-2024-08-06 | $25.00 | $2.225 | $0.90 | $12.50 |
"""


def prices(rows: pl.DataFrame) -> dict[tuple[str, str, str, int], Decimal]:
    columns = rows.select("model", "meter", "service_tier", "context_from", "usd_per_unit").rows()
    return {row[:4]: row[4] for row in columns}


def test_every_price_of_the_page():
    parsed = parse(PAGE.encode())
    text = ("input_uncached", "cache_read", "cache_write_5m", "output")
    expected = {
        ("gpt-6-sol", "standard", 0, text): ("2", "0.2", "2.5", "10"),
        ("gpt-6-sol", "standard", 272_001, text): ("4", "0.4", "5", "15"),
        ("gpt-5.5", "standard", 0, text): ("5", "0.5", "", "30"),
        ("gpt-5.5", "standard", 272_001, text): ("10", "1", "", "45"),
        ("gpt-4o", "standard", 0, text): ("2.5", "1.25", "", "10"),
        ("gpt-4o", "batch", 0, text): ("1.25", "", "", "5"),
        ("gpt-5", "fast", 0, text): ("2.5", "0.25", "", "20"),
        ("gpt-5", "priority", 0, text): ("2.5", "0.25", "", "20"),
        ("gpt-realtime-2.1", "standard", 0, ("audio_input", "audio_cache_read", "audio_output")): ("32", "0.4", "64"),
        ("gpt-realtime-2.1", "standard", 0, ("image_input", "image_cache_read")): ("5", "0.5"),
        ("*", "standard", 0, ("web_searches",)): ("10",),
        ("gpt-5.3-codex", "fast", 0, ("input_uncached", "cache_read", "output")): ("3.5", "0.35", "28"),
        ("gpt-5.3-codex", "priority", 0, ("input_uncached", "cache_read", "output")): ("3.5", "0.35", "28"),
        ("ft:gpt-4o-2024-08-06", "batch", 0, ("input_uncached", "cache_read", "output")): ("2.225", "0.9", "12.5"),
    }
    assert prices(parsed.rows) == {
        (model, meter, tier, start): Decimal(usd)
        for (model, tier, start, meters), row in expected.items()
        for meter, usd in zip(meters, row, strict=True)
        if usd
    }
    assert parsed.rejects.height == 0
    assert TokenPriceObservation.validate(parsed.rows).height == parsed.rows.height
    ends = parsed.rows.filter(pl.col("context_from") == 0, pl.col("context_to").is_not_null())["model"].unique()
    assert sorted(ends) == ["gpt-5.5", "gpt-6-sol"]


def test_long_context_prices_without_a_boundary_are_refused():
    parsed = parse(PAGE.replace(BOUNDARY, "").encode())
    above = parsed.rows.filter(pl.col("context_from") > 0)["model"].unique().to_list()
    assert above == ["gpt-5.5"]
    assert parsed.rejects["reason"].to_list() == ["long context prices without a printed boundary"]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("### Fast pricing", "### Leisurely pricing", "unknown tier Leisurely"),
        (
            "| Model | Modality",
            "| Model | Colour",
            "unknown headings Model | Colour | Input | Cached input | Output / cost",
        ),
        ("| gpt-5 | $2.50 |", "| gpt-5 |", "the row does not fit the headers"),
        ("| $2.225 |", "| $NaN |", "not exactly a price per million tokens"),
        ("| Audio |", "| Smell |", "unknown modality"),
        (
            "| Tool | Details | Pricing |\n| --- | --- | --- |",
            "| Tool | Details | Pricing |",
            "no rule below the headers",
        ),
    ],
)
def test_what_is_not_understood_is_refused_and_the_rest_stays(old, new, reason):
    assert old in PAGE
    parsed = parse(PAGE.replace(old, new).encode())
    assert parsed.rejects["reason"].to_list() == [reason]
    found, whole = prices(parsed.rows), prices(parse(PAGE.encode()).rows)
    assert found.items() < whole.items()


@pytest.mark.parametrize(
    "body", ["# Pricing", PAGE.replace("### Standard", "### Batch"), PAGE.replace("| Short context input", "| Price")]
)
def test_a_page_without_standard_prices_raises_and_names_the_headers(body):
    with pytest.raises(ParseError, match=r"no table Standard pricing data with headers Model \| Short context input"):
        parse(body.encode())
