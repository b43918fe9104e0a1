"""What happens after an end, over all captured pages: every model whose requests do not simply fail.

The models were read in the pages' prose by a person. Together's page states redirects within a lineage, but only its
policy was captured, without a table of models: no capture yields the outcome "redirect".
"""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from pipelines.sources.lifecycle import anthropic, azure, bedrock, cohere, deepseek, gemini, groq, mistral, openai, xai
from pipelines.sources.parsed import Parsed

CAPTURES = Path(__file__).parents[2].parent / "shared" / "pages" / "lifecycle"
pytestmark = pytest.mark.skipif(not CAPTURES.exists(), reason="the captured pages are not on this machine")
XAI_TEXT_MODELS = ("grok-4-1-fast-reasoning", "grok-4-1-fast-non-reasoning", "grok-4-fast-reasoning",
                   "grok-4-fast-non-reasoning", "grok-4-0709", "grok-code-fast-1", "grok-3")  # fmt: skip


def not_failing(rows: pl.DataFrame) -> set[tuple[str, str]]:
    return set(rows.filter(pl.col("outcome") != "fail").select("model", "outcome").rows())


@pytest.mark.parametrize(
    ("parse", "page", "outcome", "models"),
    [
        (xai.parse, "xai_2026-05_excerpt.md", "reroute_rebill", XAI_TEXT_MODELS),
        (
            bedrock.parse,
            "bedrock_2025-11-13.html",
            "price_rise",
            ("claude-opus-4-20250514", "claude-3-5-sonnet-20240620", "claude-3-5-sonnet-20241022",
             "claude-3-7-sonnet-20250219"),
        ),
        (anthropic.parse, "anthropic_2026-08-22.md", "fail", ()),
        (openai.parse, "openai_2025-11-13.html", "fail", ()),
        (azure.parse, "azure_2025-11-13.html", "fail", ()),
        (cohere.parse, "cohere_2026-08-06.mdx", "fail", ()),
        (groq.parse, "groq_2026-09_abridged.md", "fail", ()),
        (gemini.parse, "gemini_2026-09_abridged.md", "fail", ()),
        (mistral.parse, "mistral_2026_excerpt.md", "fail", ()),
    ],
)  # fmt: skip
def test_outcomes(parse: Callable[[bytes], Parsed], page: str, outcome: str, models: tuple[str, ...]) -> None:
    rows = parse((CAPTURES / page).read_bytes()).rows
    assert not_failing(rows) == {(model, outcome) for model in models}


def test_deepseek_serves_and_bills_another_model_since_autumn() -> None:
    """In spring requests were to fail after July 24; in autumn the retired names answer, billed at the Flash price."""
    spring, _, autumn = (CAPTURES / "deepseek_2026_excerpt.md").read_bytes().partition(b"<!-- capture 2")
    assert not_failing(deepseek.parse(spring).rows) == set()
    names = ("deepseek-v4-flash", "deepseek-v4-flash-vision-exp", "deepseek-v4-pro")
    assert not_failing(deepseek.parse(autumn).rows) == {(name, "reroute_rebill") for name in names}


def test_gemini_routes_from_december_once_its_page_says_so() -> None:
    """The captured page of September is silent; the note is the one that its December page was reported to carry."""
    page = (CAPTURES / "gemini_2026-09_abridged.md").read_bytes()
    note = (
        b"\n\n> **Note:** Starting December 1, 2026, requests to `gemini-2.5-pro` are automatically routed to "
        b"`gemini-3.8-flash` and are billed at the new model's rates.\n\n"
    )
    assert not_failing(gemini.parse(page + note).rows) == {("gemini-2.5-pro", "reroute_rebill")}
