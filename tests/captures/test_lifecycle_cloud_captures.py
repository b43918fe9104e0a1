"""Whole captured pages of the clouds and hosts. Rows were counted with grep on the raw pages, and read by a person."""

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.schema.lifecycles import LifecycleObservation
from pipelines.sources.lifecycle import azure, bedrock, cohere, groq
from pipelines.sources.parsed import Parsed

CAPTURES = Path(__file__).parents[2].parent / "shared" / "pages" / "lifecycle"
pytestmark = pytest.mark.skipif(not CAPTURES.exists(), reason="the captured pages are not on this machine")

ALL = "all"
SONNET_35_V1_ENDING = "eu-central-1,eu-central-2,eu-west-1,eu-west-3,us-east-1,us-east-2,us-west-2"
SONNET_35_V1_STAYING = (
    "ap-northeast-1,ap-northeast-2,ap-south-1,ap-southeast-1,ap-southeast-2,us-gov-east-1,us-gov-west-1"
)


def capture(name: str) -> bytes:
    return (CAPTURES / name).read_bytes()


def day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def by_key(parsed: Parsed, key: tuple[str, ...], facts: tuple[str, ...]) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """The facts of each row by its key, which must be unique."""
    LifecycleObservation.validate(parsed.rows)
    rows = parsed.rows.select(*key, *facts).rows()
    found = {row[: len(key)]: row[len(key) :] for row in rows}
    assert len(found) == len(rows)
    return found


def test_bedrock_counts() -> None:
    """The page has 55 + 6 + 29 rows. Five active ones stand below as legacy or ended, one ended name has no id."""
    parsed = bedrock.parse(capture("bedrock_2025-11-13.html"))
    LifecycleObservation.validate(parsed.rows)
    states = parsed.rows.group_by("state").len().rows()
    assert dict(states) == {"active": 50, "legacy": 6, "retired": 28}
    assert sorted(parsed.rejects.get_column("reason")) == [
        "a legacy date for other regions than the end",
        "a name whose id is not known",
        "claude-3-7-sonnet-20250219: superseded by another part of the page",
        "claude-opus-4-20250514: superseded by another part of the page",
        *["replacement is not a model id"] * 4,
        "sd3-large: superseded by another part of the page",
        "stable-image-core: superseded by another part of the page",
        "stable-image-ultra: superseded by another part of the page",
    ]


def test_bedrock_active_rows() -> None:
    """The dates stand in the column without a header; two embedding models are listed twice."""
    rows = bedrock.parse(capture("bedrock_2025-11-13.html"))
    rows = Parsed(rows.rows.filter(state="active"), rows.rejects)
    found = by_key(rows, ("provider", "model", "version", "scope"), ("retires_on", "retires_precision"))
    read_on_the_page = {
        ("ai21", "jamba-1-5-large", "v1:0", ALL): "2025-09-23",
        ("amazon", "nova-pro", "v1:0", ALL): "2025-12-04",
        ("amazon", "titan-embed-text-v2", "", ALL): "2024-04-30",
        ("amazon", "titan-image-generator", "v2:0", ALL): "2025-08-06",
        ("anthropic", "claude-3-haiku-20240307", "v1:0", ALL): "2025-03-14",
        ("anthropic", "claude-3-5-sonnet-20240620", "v1:0", SONNET_35_V1_STAYING): "2025-07-30",
        ("anthropic", "claude-sonnet-4-5-20250929", "v1:0", ALL): "2026-09-29",
        ("anthropic", "claude-opus-4-1-20250805", "v1:0", ALL): "2026-07-31",
        ("cohere", "embed-english", "v3", ALL): "2026-01-24",
        ("meta", "llama3-1-405b-instruct", "v1:0", ALL): "2025-07-23",
        ("mistral", "mixtral-8x7b-instruct", "v0:1", ALL): "2025-03-01",
        ("stability", "stable-image-core", "v1:1", ALL): "2025-12-19",
        ("luma", "ray", "v2:0", ALL): "2026-01-23",
        ("deepseek", "r1", "v1:0", ALL): "2026-03-10",
        ("writer", "palmyra-x5", "v1:0", ALL): "2026-04-28",
    }
    assert {key: found[key] for key in read_on_the_page} == {
        key: (day(floor), "floor") for key, floor in read_on_the_page.items()
    }
    undated = [key[1] for key, facts in found.items() if facts == (None, "none")]
    assert undated == ["rerank", "rerank-v3-5:0"]
    assert sorted(key[1] for key in found if key[3] != ALL) == [
        *("claude-3-5-sonnet-20240620", "claude-3-5-sonnet-20241022", "embed-english", "embed-multilingual"),
    ]


def test_bedrock_ending_rows() -> None:
    parsed = bedrock.parse(capture("bedrock_2025-11-13.html"))
    key = ("model", "version", "scope")
    facts = ("state", "legacy_on", "price_change_on", "retires_on", "outcome", "replacements")
    found = by_key(parsed, key, facts)
    opus, sonnet = "claude-opus-4-1-20250805", "claude-sonnet-4-5-20250929"
    read_on_the_page: dict[tuple[str, str, str], tuple[str, str, str | None, str, str, str | None]] = {
        ("stable-diffusion-xl", "v1", "us-east-1,us-west-2"): (
            *("legacy", "2024-10-16", None, "2025-05-20", "fail", "stable-image-core,stable-image-ultra,sd3-large"),
        ),
        ("claude-3-opus-20240229", "v1:0", ALL): (
            *("legacy", "2025-07-15", None, "2026-01-15", "fail", f"{opus},{sonnet}"),
        ),
        ("claude-opus-4-20250514", "v1:0", ALL): (
            *("legacy", "2025-10-01", "2026-03-01", "2026-05-31", "price_rise", opus),
        ),
        ("claude-3-5-sonnet-20240620", "v1:0", SONNET_35_V1_ENDING): (
            *("legacy", "2025-08-25", "2025-12-01", "2026-03-01", "price_rise", sonnet),
        ),
        ("claude-3-5-sonnet-20241022", "v2:0", "us-east-1,us-east-2,us-west-2"): (
            *("legacy", "2025-08-25", "2025-12-01", "2026-03-01", "price_rise", sonnet),
        ),
        ("claude-3-7-sonnet-20250219", "v1:0", ALL): (
            *("legacy", "2025-10-28", "2026-01-27", "2026-04-28", "price_rise", sonnet),
        ),
        ("claude-3-sonnet-20240229", "v1:0", "eu-central-1,eu-west-1,eu-west-3,us-east-1,us-west-2"): (
            *("retired", "2025-01-21", None, "2025-07-21", "fail", sonnet),
        ),
        ("claude-instant-1.2", "", ALL): ("retired", "2025-01-21", None, "2025-07-21", "fail", sonnet),
        ("command-text", "v14", ALL): ("retired", "2024-10-04", None, "2025-08-12", "fail", "command-r,command-r-plus"),
        ("j2-mid", "v1", "us-west-2"): ("retired", "2024-04-30", None, "2024-10-04", "fail", None),
        ("j2-mid", "v1", "us-east-1"): ("retired", "2024-10-04", None, "2025-03-12", "fail", "jamba-instruct"),
        ("jamba-instruct", "v1:0", ALL): (
            *("retired", "2025-01-31", None, "2025-08-01", "fail", "jamba-1-5-mini,jamba-1-5-large"),
        ),
        ("stable-image-core", "v1:0", ALL): ("retired", "2025-01-31", None, "2025-09-04", "fail", None),
        ("titan-image-generator", "v1", ALL): ("retired", "2025-01-31", None, "2025-08-15", "fail", "nova-canvas"),
    }
    assert {place: found[place] for place in read_on_the_page} == {
        place: (state, day(legacy), day(rise), day(end), outcome, names)
        for place, (state, legacy, rise, end, outcome, names) in read_on_the_page.items()
    }


def test_azure_full_page() -> None:
    """35 rows in nine tables; only the first two of the three dates can be missing."""
    parsed = azure.parse(capture("azure_2025-11-13.html"))
    found = by_key(parsed, ("provider", "model"), ("legacy_on", "retires_on", "replacements"))
    assert len(found) == 35
    assert parsed.rejects.is_empty()
    assert set(parsed.rows.select("state", "retires_precision", "outcome").rows()) == {("deprecated", "day", "fail")}
    small, large = "Meta-Llama-3.1-8B-Instruct", "Llama-3.3-70B-Instruct"
    read_on_the_page = {
        ("ai21", "AI21-Jamba-Instruct"): ("2025-02-01", "2025-03-01", None),
        ("ai21", "AI21-Jamba-1.5-Large"): ("2025-05-01", "2025-08-01", None),
        ("bria", "Bria-2.3-Fast"): ("2025-08-31", "2025-10-31", None),
        ("cohere", "Cohere-command-r"): ("2025-02-24", "2025-06-30", "Cohere-command-r-08-2024"),
        ("cohere", "Cohere-command-r-plus"): ("2025-02-24", "2025-06-30", "Cohere-command-r-plus-08-2024"),
        ("cohere", "Cohere-rerank-v3-english"): ("2025-02-28", "2025-06-30", "Cohere-rerank-v3.5"),
        ("core42", "jais-30b-chat"): ("2025-09-30", "2026-01-30", None),
        ("deepseek", "DeepSeek-V3"): ("2025-04-10", "2025-08-31", "DeepSeek-V3-0324"),
        ("gretel", "Gretel-Navigator-Tabular"): ("2025-06-16", "2025-09-16", None),
        ("meta", "Llama-2-13b"): ("2025-02-28", "2025-06-30", small),
        ("meta", "Llama-2-70b-chat"): ("2025-02-28", "2025-06-30", large),
        ("meta", "Meta-Llama-3-8B-Instruct"): ("2025-02-28", "2025-06-30", small),
        ("meta", "Meta-Llama-3.1-70B-Instruct"): ("2025-02-28", "2025-06-30", large),
        ("microsoft", "Phi-3-medium-128k-instruct"): ("2025-06-09", "2025-08-30", "Phi-4"),
        ("microsoft", "Phi-3-mini-4k-instruct"): ("2025-06-09", "2025-08-30", "Phi-4-mini-instruct"),
        ("microsoft", "Phi-3.5-MoE-instruct"): ("2025-06-09", "2025-08-30", "Phi-4-mini-instruct"),
        ("mistral", "Mistral-Nemo"): ("2025-09-30", "2026-01-30", "Mistral-small-2503"),
        ("mistral", "Mistral-ocr-2503"): ("2025-09-30", "2026-01-30", "Mistral-document-ai-2505"),
        ("mistral", "Mistral-large-2407"): ("2025-01-13", "2025-05-13", "Mistral-medium-2505"),
        ("mistral", "Mistral-large"): ("2024-12-15", "2025-04-15", "Mistral-medium-2505"),
    }
    assert {key: found[key] for key in read_on_the_page} == {
        key: (day(legacy), day(end), names) for key, (legacy, end, names) in read_on_the_page.items()
    }


def test_azure_schedule_of_2026() -> None:
    """40 rows with a stage, 4 fine-tuned models with two phases each."""
    parsed = azure.parse(capture("azure_2026-07-07_abridged.md"))
    key = ("provider", "model", "version", "scope")
    found = by_key(parsed, key, ("state", "retires_on", "retires_precision", "replacements"))
    assert len(found) == 40 + 4 * 2
    assert parsed.rejects.is_empty()
    chat = "gpt-chat-latest"
    read_on_the_page = {
        ("openai", "gpt-4o", "2024-08-06-ev3", ALL): ("deprecated", "2026-03-31", "day", "gpt-5.1"),
        ("openai", "gpt-4o", "2024-11-20", ALL): ("deprecated", "2026-10-01", "day", "gpt-5.1"),
        ("openai", "gpt-5", "2025-08-07", ALL): ("active", "2027-02-06", "day", None),
        ("openai", "gpt-5-chat", "2025-10-03", ALL): ("retired", "2026-05-13", "day", chat),
        ("openai", "sora-2", "2025-10-06", ALL): ("active", "2026-07-15", "day", None),
        ("openai", "text-embedding-ada-002", "2", ALL): ("active", "2027-04-15", "day", None),
        ("openai", "o4-mini", "2025-04-16", "fine-tuned deployment"): ("deprecated", "2027-10-16", "day", None),
        ("openai", "gpt-4.1", "2025-04-14", "fine-tuned training, existing customers"): (
            *("deprecated", "2027-04-14", "floor", None),
        ),
        ("deepseek", "DeepSeek-R1", "1", ALL): ("legacy", "2026-08-13", "day", "DeepSeek-V4-Pro"),
        ("deepseek", "DeepSeek-V3.2", "1", ALL): ("active", None, "none", None),
        ("xai", "grok-3-mini", "1", ALL): ("retired", "2026-05-01", "day", "grok-4-1-fast-reasoning"),
        ("anthropic", "claude-mythos-preview", "", ALL): ("active", "2027-04-02", "day", None),
        ("anthropic", "claude-opus-4-1", "", ALL): ("active", "2026-08-05", "day", "claude-opus-4-8"),
        ("nixtla", "TimeGEN-1", "1", ALL): ("deprecated", "2026-08-31", "day", "TimeGPT-1,TimegGPT-2.1"),
    }
    assert {place: found[place] for place in read_on_the_page} == {
        place: (state, day(end), precision, names) for place, (state, end, precision, names) in read_on_the_page.items()
    }


def test_groq_page() -> None:
    """All eleven rows. A model that is only recommended is no row."""
    parsed = groq.parse(capture("groq_2026-09_abridged.md"))
    found = by_key(parsed, ("model",), ("scope", "announced_on", "retires_on", "replacements"))
    assert parsed.rejects.is_empty()
    tiers, gpt_oss = "free and developer-tier usage", "openai/gpt-oss-120b"
    assert found == {
        (model,): (scope, day(announced), day(end), names)
        for model, scope, announced, end, names in [
            ("groq/compound", ALL, "2026-08-24", "2026-09-21", None),
            ("groq/compound-mini", ALL, "2026-08-24", "2026-09-21", None),
            ("qwen/qwen3.6-27b", tiers, None, "2026-09-14", "qwen/qwen3.8-27b"),
            ("llama-3.1-8b-instant", tiers, "2026-06-17", "2026-08-16", "openai/gpt-oss-20b"),
            ("llama-3.3-70b-versatile", tiers, "2026-06-17", "2026-08-16", f"{gpt_oss},qwen/qwen3.6-27b"),
            ("moonshotai/kimi-k2-instruct-0905", ALL, "2026-03-23", "2026-04-15", gpt_oss),
            ("playai-tts", ALL, "2025-12-23", "2025-12-31", "canopylabs/orpheus-v1-english"),
            ("playai-tts-arabic", ALL, "2025-12-23", "2025-12-31", "canopylabs/orpheus-arabic-saudi"),
            ("moonshotai/kimi-k2-instruct", ALL, "2025-09-10", "2025-10-10", gpt_oss),
            ("qwen-qwq-32b", ALL, None, "2025-07-14", "qwen/qwen3-32b"),
            ("llama-3.2-11b-text-preview", ALL, None, "2024-10-28",
             "llama-3.2-11b-vision-preview,llama-3.1-8b-instant"),
        ]
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "rows", "rejects"),
    [("cohere_2024-12-01.mdx", 2, 0), ("cohere_2025-04-29.mdx", 3, 3), ("cohere_2026-08-06.mdx", 15, 11)],
)
def test_cohere_counts(name: str, rows: int, rejects: int) -> None:
    """2026: 5 + 7 models in lists (two of them aliases), 1 in prose, 2 in the table; 9 items, 2 passages name none."""
    parsed = cohere.parse(capture(name))
    by_key(parsed, ("model", "scope"), ("retires_on",))
    assert (parsed.rows.height, parsed.rejects.height) == (rows, rejects)


def test_cohere_rows_of_the_newest_capture() -> None:
    """All fifteen rows. "Effective September 15, 2025, the following deprecations" is a deprecation, and no end."""
    found = by_key(
        cohere.parse(capture("cohere_2026-08-06.mdx")),
        ("model", "scope"),
        ("announced_on", "retires_on", "retires_precision", "replacements"),
    )
    ended = ("embed-english-v2.0", "embed-english-light-v2.0", "embed-multilingual-v2.0", "c4ai-aya-expanse-8b",
             "c4ai-aya-vision-8b")  # fmt: skip
    deprecated = ("command-r-03-2024", "command-r", "command-r-plus-04-2024", "command-r-plus", "command-light",
                  "command", "summarize")  # fmt: skip
    assert found == {
        **{(model, ALL): (None, day("2026-04-04"), "day", None) for model in ended},
        **{(model, ALL): (None, None, "none", None) for model in deprecated},
        ("command-r-03-2024", "fine-tuned"): (None, day("2025-03-08"), "day", None),
        ("rerank-english-v2.0", ALL): (day("2024-12-02"), day("2025-04-30"), "day", "rerank-v3.5"),
        ("rerank-multilingual-v2.0", ALL): (day("2024-12-02"), day("2025-04-30"), "day", "rerank-v3.5"),
    }


def test_no_page_of_these_prints_a_moment_or_a_first_announcement_for_clouds() -> None:
    parsed = [bedrock.parse(capture("bedrock_2025-11-13.html")), azure.parse(capture("azure_2025-11-13.html"))]
    rows = pl.concat([page.rows for page in parsed])
    assert rows.select("announced_on", "retires_at").null_count().row(0) == (rows.height, rows.height)
