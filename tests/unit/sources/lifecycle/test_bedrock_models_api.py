"""Bedrock's list of base models: expected rows are read from the fixture, whose first model has real moments."""

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.schema.lifecycles import LifecycleObservation
from pipelines.sources.lifecycle.bedrock_models_api import parse
from pipelines.sources.parsed import ParseError

BODY = (Path(__file__).parents[3] / "pages" / "lifecycle" / "bedrock_models.json").read_bytes()
SONNET = json.loads(BODY)["modelSummaries"][0]


def rows(*facts: str) -> list[tuple[Any, ...]]:
    parsed = parse(BODY)
    LifecycleObservation.validate(parsed.rows)
    assert set(parsed.rows["channel"]) == {"bedrock"}
    return parsed.rows.select(*facts).rows()


def test_whose_end_a_row_tells() -> None:
    assert rows("provider", "model", "version", "scope") == [
        ("anthropic", "claude-sonnet-4-20250514", "v1:0", "us-east-1"),
        ("amazon", "nova-pro", "v1:0", "us-east-1"),
        ("cohere", "embed-english", "v3", "us-east-1"),
        ("meta", "llama3-1-8b-instruct", "v1:0", "us-east-1"),
    ]


def test_legacy_price_rise_and_end_are_days_of_their_own_and_the_launch_is_none() -> None:
    """The end of an active model is a floor; 20:00 on the 23rd in California is the 24th in UTC."""
    assert rows("state", "announced_on", "legacy_on", "price_change_on", "retires_on", "retires_precision") == [
        ("legacy", None, date(2026, 4, 14), date(2026, 7, 14), date(2026, 10, 14), "day"),
        ("active", None, None, None, None, "none"),
        ("active", None, None, None, date(2027, 1, 24), "floor"),
        ("legacy", None, date(2026, 1, 7), None, date(2026, 7, 7), "day"),
    ]


def test_moments_keep_their_text_and_outcomes_follow_the_extended_access() -> None:
    assert rows("retires_at", "retires_printed", "outcome") == [
        (datetime(2026, 10, 14, 8), "2026-10-14T08:00:00Z", "price_rise"),
        (None, None, "fail"),
        (None, "2027-01-23T20:00:00-08:00", "fail"),
        (datetime(2026, 7, 7), "2026-07-07T00:00:00Z", "fail"),
    ]


def test_what_is_no_row_is_told() -> None:
    assert parse(BODY).rejects.select("place", "reason").rows() == [
        ("modelSummaries[2]", "a variant for provisioned throughput"),
        ("modelSummaries[5]", "no ISO time with its zone: '1760428800'"),
    ]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"[]",
        b'{"message": "Authentication failed"}',
        b'{"modelSummaries": {}}',
        b'{"modelSummaries": []}',
        BODY.replace(b"legacyTime", b"a").replace(b"endOfLifeTime", b"b"),
        b"[" * 100_000,
    ],
)
def test_an_answer_without_dates_is_an_error(body: bytes) -> None:
    with pytest.raises(ParseError):
        parse(body)


@given(st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3)))
def test_no_value_of_a_model_is_trusted(value: object) -> None:
    spoilt = [SONNET | {name: value} for name in ("modelId", "modelArn", "modelLifecycle")]
    ends = [SONNET | {"modelLifecycle": SONNET["modelLifecycle"] | {"status": value}}]
    parsed = parse(json.dumps({"modelSummaries": [SONNET, value, *spoilt, *ends]}).encode())
    assert parsed.rows.height == 1
    assert parsed.rejects.height == 5


def test_a_moment_without_a_zone_is_refused() -> None:
    unzoned = SONNET | {"modelLifecycle": SONNET["modelLifecycle"] | {"endOfLifeTime": "2026-10-14T08:00:00"}}
    ancient = SONNET | {"modelLifecycle": SONNET["modelLifecycle"] | {"legacyTime": "0001-01-01T00:00:00+14:00"}}
    parsed = parse(json.dumps({"modelSummaries": [SONNET, unzoned, ancient]}).encode())
    assert [reason.split(":")[0] for reason in parsed.rejects["reason"]] == ["no ISO time with its zone"] * 2
