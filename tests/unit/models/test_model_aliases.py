"""What used ids mean in the price lists: the traps of real logs, and that nothing is ever guessed."""

from datetime import datetime

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipelines.models.model_aliases import candidates, resolved_aliases
from pipelines.models.model_map import MAP_SCHEMA, known_pointers
from pipelines.schema.model_aliases import ModelAlias

KEY = ("provider", "channel", "region", "model")
LISTED = pl.DataFrame(
    [
        ("openai", "api", "global", "*"),
        ("openai", "api", "global", "gpt-4"),
        ("openai", "api", "global", "gpt-4o"),
        ("openai", "api", "global", "gpt-4o-2024-05-13"),
        ("openai", "api", "global", "gpt-4o-2024-08-06"),
        ("openai", "api", "global", "ft:gpt-4o-2024-08-06"),
        ("openai", "azure", "global", "gpt-4o"),
        ("openai", "azure", "eastus", "gpt-4o-2024-08-06"),
        ("openai", "openrouter", "global", "openai/gpt-4o"),
        ("anthropic", "api", "global", "claude-sonnet-4-5"),
        ("anthropic", "bedrock", "us", "claude-sonnet-4-5-20250929"),
        ("anthropic", "bedrock", "in-region", "claude-sonnet-4-5-20250929"),
        ("anthropic", "vertex", "non-global", "claude-sonnet-4-5@20250929"),
        ("google", "vertex", "global", "gemini-2.5-pro"),
        ("google", "api", "global", "gemini-2.5-pro"),
        ("groq", "api", "global", "openai/gpt-oss-120b"),
        ("together", "api", "global", "openai/gpt-oss-120b"),
        ("groq", "api", "global", "llama-3.3-70b-versatile"),
        ("deepseek", "api", "global", "deepseek-chat"),
        ("together", "api", "global", "deepseek-chat"),
        ("meta", "openrouter", "global", "meta-llama/llama-3.3-70b-instruct:free"),
        ("mistral", "api", "global", "mistral-large-2402"),
        ("mistral", "api", "global", "mistral-large-2407"),
    ],
    schema=list(KEY),
    orient="row",
)


def aliases(*used, mapped=()):
    frame = pl.DataFrame(used, schema=list(KEY), orient="row")
    mapping = pl.DataFrame(mapped, schema=MAP_SCHEMA, orient="row")
    found = resolved_aliases(frame, LISTED, candidates(frame, known_pointers(), mapping, LISTED))
    return ModelAlias.validate(found)


def meaning(*used, mapped=()):
    """Canonical provider, channel, region, model and rule of the latest interval, or the reason."""
    row = aliases(used, mapped=mapped).row(-1, named=True)
    canonical = tuple(row[f"canonical_{name}"] for name in KEY)
    return row["reason"] or (*canonical, row["rule"])


OPENAI = ("openai", "api", "global")


@pytest.mark.parametrize(
    ("used", "expected"),
    [
        (("unknown", "api", "global", "gpt-4o"), (*OPENAI, "gpt-4o", "exact")),
        ((*OPENAI, "gpt-4o-2024-05-13"), (*OPENAI, "gpt-4o-2024-05-13", "exact")),
        ((*OPENAI, "gpt-4o-2024-08-06"), (*OPENAI, "gpt-4o-2024-08-06", "exact")),
        ((*OPENAI, "gpt-4o-2024-11-20"), (*OPENAI, "gpt-4o", "dated")),
        ((*OPENAI, "ft:gpt-4o-2024-08-06:acme::abc"), (*OPENAI, "ft:gpt-4o-2024-08-06", "fine_tune")),
        (("openai", "api", "eu", "gpt-4o"), (*OPENAI, "gpt-4o", "exact")),
        (("unknown", "api", "global", "openai/gpt-4o"), (*OPENAI, "gpt-4o", "prefix")),
        (
            ("unknown", "openrouter", "global", "openai/gpt-4o"),
            ("openai", "openrouter", "global", "openai/gpt-4o", "prefix"),
        ),
        (
            ("unknown", "api", "global", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
            ("anthropic", "bedrock", "us", "claude-sonnet-4-5-20250929", "platform"),
        ),
        (
            ("anthropic", "bedrock", "eu-west-3", "anthropic.claude-sonnet-4-5-20250929-v1:0"),
            ("anthropic", "bedrock", "in-region", "claude-sonnet-4-5-20250929", "platform"),
        ),
        (
            ("anthropic", "vertex", "us-east5", "claude-sonnet-4-5@20250929"),
            ("anthropic", "vertex", "non-global", "claude-sonnet-4-5@20250929", "exact"),
        ),
        (
            ("unknown", "api", "global", "vertex_ai/gemini-2.5-pro"),
            ("google", "vertex", "global", "gemini-2.5-pro", "inferred"),
        ),
        (
            ("unknown", "api", "global", "meta-llama/llama-3.3-70b-instruct:free"),
            ("meta", "openrouter", "global", "meta-llama/llama-3.3-70b-instruct:free", "inferred"),
        ),
        (
            ("unknown", "api", "global", "deepseek-chat"),
            ("deepseek", "api", "global", "deepseek-chat", "inferred"),
        ),
        (
            ("unknown", "api", "global", "ft:gpt-4o-2024-08-06:acme::abc"),
            (*OPENAI, "ft:gpt-4o-2024-08-06", "fine_tune"),
        ),
    ],
)
def test_what_an_id_means_today(used, expected):
    if expected[-1] == "exact" and used[0] == "unknown":
        expected = (*expected[:-1], "inferred")
    assert meaning(*used) == expected


@pytest.mark.parametrize(
    ("used", "reason"),
    [
        (("openai", "azure", "eastus", "my-gpt4o-deployment"), "unmapped"),
        (("anthropic", "api", "global", "claude-nonexistent-9"), "unmapped"),
        (("unknown", "api", "global", "claude-nonexistent-9"), "unmapped"),
        (("unknown", "api", "global", "agent_x8kgpt-4o1"), "unmapped"),
        (("openai", "api", "global", "my-gpt-4-agent-8k"), "unmapped"),
        (("openai", "api", "global", "gpt-4o-2024"), "unmapped"),
        (("openai", "api", "global", "*"), "unmapped"),
        (
            (
                "unknown",
                "bedrock",
                "us-east-1",
                "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1",
            ),
            "unmapped",
        ),
        (("openai", "azure", "eastus", "gpt-4o"), "unmapped: listed for other regions only: global"),
        (
            ("unknown", "api", "global", "global.anthropic.claude-sonnet-4-5-20250929-v1:0"),
            "unmapped: listed for other regions only: in-region, us",
        ),
        (
            ("anthropic", "vertex", "global", "claude-sonnet-4-5@20250929"),
            "unmapped: listed for other regions only: non-global",
        ),
        (
            ("unknown", "api", "global", "openai/gpt-oss-120b"),
            "ambiguous: listed by groq, together; say --provider",
        ),
    ],
)
def test_what_no_exact_rule_leads_to_has_no_meaning_but_a_reason(used, reason):
    assert meaning(*used) == reason


def test_a_mapped_deployment_means_what_its_owner_says():
    used = ("openai", "azure", "eastus", "my-gpt4o-deployment")
    mapped = [("my-gpt4o-deployment", None, None, None, "gpt-4o-2024-08-06", None, None)]
    assert meaning(*used, mapped=mapped) == ("openai", "azure", "eastus", "gpt-4o-2024-08-06", "mapped")


def test_a_mapping_to_an_unlisted_id_does_not_fall_back_to_the_id_itself():
    mapped = [("gpt-4o", None, None, None, "gpt-99", None, None)]
    assert meaning("openai", "api", "global", "gpt-4o", mapped=mapped) == "unmapped"


def test_a_moving_name_has_a_row_per_interval_and_gaps_have_a_reason():
    rows = aliases(("mistral", "api", "global", "mistral-large-latest"))
    february, july, november = datetime(2024, 2, 26), datetime(2024, 7, 24), datetime(2024, 11, 18)
    assert rows.select("canonical_model", "rule", "reason", "valid_from", "valid_to").rows() == [
        (None, None, "unmapped", None, february),
        ("mistral-large-2402", "pointer", None, february, july),
        ("mistral-large-2407", "pointer", None, july, november),
        (None, None, "unmapped", november, None),
    ]


def test_gpt_4o_was_its_first_snapshot_until_openai_moved_it():
    may, october = datetime(2024, 5, 13), datetime(2024, 10, 2)
    rows = aliases(("openai", "api", "global", "gpt-4o"))
    assert rows.select("canonical_model", "rule", "valid_from", "valid_to").rows() == [
        ("gpt-4o", "exact", None, may),
        ("gpt-4o-2024-05-13", "pointer", may, october),
        ("gpt-4o", "exact", october, None),
    ]


def test_lookalikes_are_a_hint_from_the_same_list_only():
    row = aliases(("openai", "azure", "eastus", "my-gpt4o-deployment")).row(0, named=True)
    assert set(row["nearest"].split(", ")) == {"gpt-4o", "gpt-4o-2024-08-06"}
    row = aliases(("mistral", "api", "global", "mistral-huge")).row(0, named=True)
    assert row["canonical_model"] is None
    assert set(row["nearest"].split(", ")) == {"mistral-large-2402", "mistral-large-2407"}
    assert aliases(("xai", "api", "global", "grok-9"))["nearest"].to_list() == [None]


NAMES = [name for name in LISTED["model"].to_list() if name != "*"]
AROUND = st.text(alphabet="abcxyz0189-_. ", min_size=1, max_size=12)
PROVIDERS = st.sampled_from(["unknown", "openai", "anthropic", "groq", "mistral"])


@given(PROVIDERS, st.sampled_from(NAMES), AROUND, AROUND)
@example("openai", "gpt-4", "agent_", "-8k")
@example("openai", "gpt-4o", "my-", "-deployment")
def test_a_listed_name_inside_an_id_is_not_its_meaning(provider, name, before, after):
    for model in (f"{before}{name}{after}", f"{before}{name}"):
        rows = aliases((provider, "api", "global", model))
        assert set(rows["canonical_model"]) <= {None, *(set(NAMES) & {model})}


@given(PROVIDERS, st.sampled_from(["api", "azure", "bedrock", "openrouter"]), st.text(min_size=1, max_size=40))
def test_random_ids_mean_nothing(provider, channel, model):
    rows = aliases((provider, channel, "global", model))
    assert rows["canonical_model"].to_list() == [None]
    assert rows["reason"].to_list() == ["unmapped"]
