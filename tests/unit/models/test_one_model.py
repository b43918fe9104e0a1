"""Which ids mean one model: aliases by date, snapshots, names without a provider; and which only look alike."""

from datetime import datetime

import polars as pl
import pytest

from pipelines.models.model_aliases import USED, candidates
from pipelines.models.one_model import one_model_on

POINTERS = pl.DataFrame(
    [
        ("openai", "api", "gpt", "gpt-2024-05-13", None, datetime(2024, 10, 2)),
        ("openai", "api", "gpt", "gpt-2024-08-06", datetime(2024, 10, 2), None),
    ],
    {**dict.fromkeys(("provider", "channel", "alias", "model"), pl.String()), "valid_from": pl.Datetime("us"),
     "valid_to": pl.Datetime("us")},
    orient="row",
)  # fmt: skip
NO_MAP = pl.DataFrame(
    schema=dict.fromkeys(("model", "canonical_model", "provider", "channel", "region"), pl.String())
    | dict.fromkeys(("valid_from", "valid_to"), pl.Datetime("us"))
)
LISTED = pl.DataFrame(
    [
        (provider, "api", "global", model)
        for provider, model in [
            ("openai", "gpt"),
            ("openai", "gpt-2024-05-13"),
            ("openai", "gpt-2024-08-06"),
            ("openai", "ft:gpt"),
            ("anthropic", "claude-20250514"),
        ]
    ],
    dict.fromkeys(USED, pl.String()),
    orient="row",
)


@pytest.mark.parametrize(
    ("one", "other", "is_one"),
    [
        ("openai/gpt", "openai/gpt-2024-08-06", True),
        ("openai/gpt", "openai/gpt-2024-05-13", False),  # another snapshot than the name points to that day
        ("unknown/gpt", "openai/gpt-2024-08-06", True),
        ("openai/gpt-2024-05-13", "openai/gpt-2024-08-06", False),
        ("anthropic/claude", "anthropic/claude-20250514", True),
        ("openai/ft:gpt:acme::a", "openai/ft:gpt:acme::b", False),
        ("openai/gpt", "anthropic/claude", False),
        ("openai/nobody", "openai/nobody", True),
        ("openai/nobody", "openai/nothing", False),
    ],
)
def test_two_ids(one, other, is_one):
    keys = [(provider, "api", "global", model) for provider, model in (one.split("/"), other.split("/"))]
    used = pl.DataFrame(keys, dict.fromkeys(USED, pl.String()), orient="row")
    same = one_model_on(candidates(used, POINTERS, NO_MAP, LISTED), LISTED, datetime(2025, 1, 1))
    assert same(*keys) is same(*reversed(keys)) is is_one


def test_another_region_is_another_cache():
    keys = [("openai", "api", region, "gpt") for region in ("global", "us")]
    used = pl.DataFrame(keys, dict.fromkeys(USED, pl.String()), orient="row")
    assert not one_model_on(candidates(used, POINTERS, NO_MAP, LISTED), LISTED, datetime(2025, 1, 1))(*keys)
