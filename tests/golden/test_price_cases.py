"""Costs of single requests, worked out by hand from providers' pages, through the price history that ships.

Each line: the model, the options of `costs price`, the cost in USD (None: no price, and why), and the figure that a
common mistake gives.
"""

import json
from decimal import Decimal

import pytest
from typer.testing import CliRunner

from pipelines.cli.main import app

MTOK = "1000000"
BOTH = ("--input", MTOK, "--output", MTOK)
CASES = [
    # cached input is part of OpenAI's input; counting it twice gives 0.04
    ("gpt-4o", ("--input", "2000", "--cache-read", "8000", "--output", "500"), "0.02"),
    # the rounded cache price of 0.13 gives 0.0342
    ("gpt-5", ("--input", "10000", "--cache-read", "90000", "--output", "1000"), "0.03375"),
    # Anthropic's input excludes the cache
    (
        "claude-sonnet-4-5",
        ("--input", "1000", "--cache-read", "50000", "--cache-write-5m", "2000", "--output", "500"),
        "0.033",
    ),
    # a cache write for an hour costs twice the input; at the price of five minutes: 0.3753
    ("claude-sonnet-4-5", ("--input", "100", "--cache-write-1h", "100000"), "0.6003"),
    ("claude-opus-4-8", ("--cache-write-5m", "600000", "--cache-write-1h", "400000"), "7.75"),
    ("claude-opus-5", ("--cache-write-1h", "344139"), "3.44139"),
    # a tier applies to the whole request, at the provider's own boundary
    ("gemini-2.5-pro", ("--input", "200000", "--output", "1000"), "0.26"),
    ("gemini-2.5-pro", ("--input", "200001", "--output", "1000"), "0.5150025"),
    ("grok-4.7", ("--input", "200000", "--output", "1000"), "0.812"),
    ("gpt-5.5", ("--input", "272000", "--output", "1000"), "1.39"),
    ("gpt-5.5", ("--input", "272001", "--output", "1000"), "2.76501"),
    # service tiers
    ("gpt-4o", ("--tier", "batch", "--input", MTOK, "--output", "100000"), "1.75"),
    (
        "claude-sonnet-4-5",
        ("--tier", "batch", "--input", "1000", "--cache-read", "100000", "--output", "1000"),
        "0.024",
    ),
    ("gpt-5", ("--tier", "flex", "--input", MTOK, "--output", "100000"), "1.125"),
    ("gpt-5", ("--tier", "priority", "--input", MTOK, "--output", "100000"), "4.5"),
    # regions
    ("grok-4.7", ("--region", "us", "--input", "60000", "--cache-read", "40000", "--output", "1000"), "0.1606"),
    ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", ("--input", "100000", "--output", "1000"), "0.3465"),
    (
        "anthropic.claude-sonnet-4-5-20250929-v1:0",
        ("--region", "us-east-1", "--input", "100000", "--output", "1000"),
        "0.3465",
    ),
    (
        "claude-sonnet-4-5",
        ("--channel", "bedrock", "--region", "us", "--input", "100000", "--output", "1000"),
        "0.3465",
    ),
    ("global.anthropic.claude-sonnet-4-5-20250929-v1:0", ("--input", "100000", "--output", "1000"), "0.315"),
    # reasoning is inside the output; adding it again gives 0.0148
    ("o3", ("--input", "200", "--output", "1000"), "0.0084"),
    # audio at its own price
    ("gpt-4o-audio-preview", ("--input", "1000", "--audio-input", "1000", "--audio-output", "500"), "0.0825"),
    ("gemini-2.5-flash", ("--audio-input", "1000"), "0.001"),
    # fees
    ("sonar-pro", ("--input", "1000", "--output", "500", "--requests", "1"), "0.0165"),
    ("claude-haiku-4-5", ("--input", "1000", "--output", "500", "--web-searches", "3"), "0.0335"),
    # history
    ("o3", (*BOTH, "--at", "2025-06-09T23:59:59Z"), "50"),
    ("o3", (*BOTH, "--at", "2025-06-10T00:00:00Z"), "10"),
    ("o3", ("--input", MTOK, "--at", "2025-06-09T18:00:00-07:00"), "2"),
    ("o3", ("--cache-read", MTOK, "--at", "2025-06-01"), "2.5"),
    ("claude-sonnet-5", (*BOTH, "--at", "2026-09-01T00:00:00Z"), "12"),
    ("claude-sonnet-5", (*BOTH, "--at", "2026-09-01T00:00:00Z", "--known-at", "2026-07-15"), "18"),
    ("gemini-3.7-flash", (*BOTH, "--at", "2026-12-31T23:59:00Z"), "4.5"),
    ("gemini-3.7-flash", (*BOTH, "--at", "2027-01-01T00:00:00Z"), "9"),
    ("gpt-4o-2024-05-13", BOTH, "20"),
    ("gpt-4o-2024-08-06", BOTH, "12.5"),
    ("gpt-4o", (*BOTH, "--at", "2024-06-01"), "20"),
    ("claude-opus-4-20250514", (*BOTH, "--at", "2025-09-15"), "90"),
    # peak hours, since they began
    ("deepseek-v4-pro", (*BOTH, "--at", "2026-06-01T02:00:00Z"), "1.305"),
    ("deepseek-v4-pro", (*BOTH, "--at", "2026-11-20T02:00:00Z"), "5.28"),
    ("deepseek-v4-pro", (*BOTH, "--at", "2026-11-20T04:00:00Z"), "2.64"),
    ("deepseek-v4-pro", (*BOTH, "--at", "2026-11-21T02:00:00Z"), "2.64"),
    # a discount at night, while there was one
    ("deepseek-chat", (*BOTH, "--at", "2025-03-01T12:00:00Z"), "1.37"),
    ("deepseek-chat", (*BOTH, "--at", "2025-03-01T20:00:00Z"), "0.685"),
    ("deepseek-chat", (*BOTH, "--at", "2025-10-15"), "0.7"),
    # launches and cuts of 2023 to 2026
    ("gpt-4-0613", (*BOTH, "--at", "2023-08-01"), "90"),
    ("gemini-1.5-pro", ("--input", "100000", "--output", "1000", "--at", "2024-08-15"), "0.3605"),
    ("o1-mini", (*BOTH, "--at", "2024-10-01"), "15"),
    ("o1-mini", (*BOTH, "--at", "2025-03-01"), "5.5"),
    ("mistral-large-latest", (*BOTH, "--at", "2024-08-15"), "12"),
    ("gpt-5.6-luna", ("--input", "100000", "--output", "100000", "--at", "2026-07-29"), "0.7"),
    ("gpt-5.6-luna", ("--input", "100000", "--output", "100000", "--at", "2026-07-31"), "0.14"),
    ("gpt-5.6-sol", ("--input", "100000", "--output", "100000", "--at", "2026-08-22"), "2.4"),
    # names
    ("ft:gpt-4o-2024-08-06:acme::abc", BOTH, "18.75"),
    ("claude-nonexistent-9", BOTH, None),
    ("my-gpt4o-deployment", ("--provider", "azure", *BOTH), None),
    ("meta-llama/llama-3.3-70b-instruct:free", BOTH, "0"),
]  # fmt: skip
REFUSED = [
    ("gpt-4o", ("--input", "-100")),
    ("gpt-4o", ("--input", "NaN")),
    ("gpt-4o", ()),
    ("gpt-4o", ("--input", "1", "--tier", "cheap")),
    ("gpt-4o", ("--input", "1", "--at", "yesterday")),
]


def ask(folder, model, options):
    result = CliRunner().invoke(app, ["--warehouse", str(folder), "price", model, *options, "--json"])
    return result.exit_code, json.loads(result.stdout)


@pytest.mark.parametrize(("model", "options", "usd"), CASES, ids=lambda value: str(value)[:60])
def test_a_request_costs_what_the_page_says(tmp_path, model, options, usd):
    code, answer = ask(tmp_path, model, options)
    assert code == (1 if usd is None else 0)
    if usd is None:
        assert (answer["cost_usd"], answer["reason"]) == (None, "unknown_model")
    else:
        assert answer["cost_usd"] is not None, answer["reason"]
        assert Decimal(answer["cost_usd"]) == Decimal(usd)
        assert all(line["page"].startswith("https://") and line["price_id"] for line in answer["lines"])


@pytest.mark.parametrize(("model", "options"), REFUSED, ids=str)
def test_a_question_without_sense_is_refused_and_never_costs_zero(tmp_path, model, options):
    code, answer = ask(tmp_path, model, options)
    assert (code, answer["cost_usd"]) == (2, None)
    assert answer["reason"].startswith("invalid_input: ")


def test_an_azure_deployment_has_a_price_once_it_is_mapped(tmp_path):
    (tmp_path / "model_map.csv").write_text(
        "model,provider,channel,region,canonical_model\nmy-gpt4o-deployment,openai,azure,global,gpt-4o-2024-08-06\n"
    )
    _, answer = ask(tmp_path, "my-gpt4o-deployment", ("--provider", "azure", *BOTH))
    assert answer["cost_usd"] == "12.5"
