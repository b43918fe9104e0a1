"""The mart of sources that disagree about a retirement, on a few rows of a real warehouse, worked out by hand."""

from datetime import date, timedelta

import pytest

from pipelines.warehouse.database import Warehouse
from tests.unit.marts.mart_rows import FETCH, FIRST, NOW, add, built

PAGE, API = "openai_deprecations", "openai_models_api"
DECEMBER, JANUARY = date(2026, 12, 11), date(2027, 1, 11)
CONFLICT = ("model", "contradiction", "believed_source", "believed_retires_on", "other_source", "other_retires_on",
            "days_difference", "reason")  # fmt: skip
OUTRANKS = "the provider's own page outranks its API"


@pytest.fixture
def warehouse(tmp_path):
    made = Warehouse(tmp_path)
    common = {"kind": "lifecycle", "url": "https://example.org", "is_proven": True, "is_asked": True}
    ranked = ((PAGE, "page", 1), (API, "api", 2))
    add(made, "raw.source", *(common | {"source": n, "standing": s, "rank": r} for n, s, r in ranked))
    add(made, "raw.fetch", FETCH, FETCH | {"fetch_id": "f2", "fetched_at": NOW})
    return made


def says(source, model, retires_on, precision="day", **differences):
    return {
        "provider": "openai", "channel": "api", "model": model, "version": "", "scope": "all", "state": "deprecated",
        "retires_on": retires_on, "retires_precision": precision, "outcome": "fail", "valid_from": FIRST,
        "known_from": FIRST, "is_listed": True, "source": source, "fetch_id": "f1",
        "lifecycle_id": f"{source} {model} {differences.get('scope')}",
    } | differences  # fmt: skip


@pytest.mark.parametrize(
    ("page", "api", "contradiction", "days"),
    [
        ((DECEMBER, "day"), (DECEMBER, "day"), None, None),
        ((DECEMBER, "day"), (JANUARY, "day"), "dates", 31),
        ((JANUARY, "day"), (DECEMBER, "day"), "dates", -31),
        ((date(2026, 12, 1), "month"), (DECEMBER, "day"), None, None),
        ((date(2026, 12, 1), "month"), (date(2026, 12, 31), "day"), None, None),
        ((date(2026, 12, 1), "month"), (date(2027, 1, 1), "day"), "dates", 31),
        ((DECEMBER, "floor"), (JANUARY, "day"), None, None),
        ((JANUARY, "floor"), (DECEMBER, "day"), "dates", -31),
        ((DECEMBER, "day"), (JANUARY, "floor"), "dates", 31),
        ((DECEMBER, "floor"), (JANUARY, "floor"), None, None),
        ((DECEMBER, "day"), (None, "none"), "believed_only", None),
        ((None, "none"), (DECEMBER, "day"), "other_only", None),
        ((DECEMBER, "floor"), (None, "none"), None, None),
        ((None, "none"), (DECEMBER, "floor"), None, None),
        ((None, "none"), (None, "none"), None, None),
    ],
)
def test_dates_that_cannot_both_hold(warehouse, page, api, contradiction, days):
    add(warehouse, "core.model_lifecycle", says(PAGE, "gpt-x", *page), says(API, "gpt-x", *api))
    expected = [("gpt-x", contradiction, PAGE, page[0], API, api[0], days, OUTRANKS)] if contradiction else []
    assert built(warehouse, "lifecycle_conflict", *CONFLICT) == expected


def test_only_what_both_say_of_the_same_model_now_is_compared(warehouse):
    add(
        warehouse, "core.model_lifecycle",
        says(PAGE, "alone", DECEMBER), says(API, "alone too", DECEMBER),
        says(PAGE, "channel", DECEMBER), says(API, "channel", JANUARY, channel="bedrock"),
        says(PAGE, "version", DECEMBER, version="1"), says(API, "version", JANUARY, version="2"),
        says(PAGE, "gone", DECEMBER, is_listed=False), says(API, "gone", JANUARY),
        says(PAGE, "past", DECEMBER, valid_to=NOW), says(API, "past", JANUARY),
        says(PAGE, "ahead", DECEMBER, valid_from=NOW + timedelta(days=1)), says(API, "ahead", JANUARY),
        says(PAGE, "unbelieved", DECEMBER, known_to=NOW), says(API, "unbelieved", JANUARY),
    )  # fmt: skip
    assert built(warehouse, "lifecycle_conflict", "model") == []


def test_a_region_is_held_against_the_row_that_has_it_else_against_the_whole(warehouse):
    east = {"scope": "us-east-1"}
    add(
        warehouse, "core.model_lifecycle",
        says(PAGE, "parts", DECEMBER, scope="eu-west-1,us-east-1"), says(PAGE, "parts", JANUARY, scope="us-west-2"),
        says(API, "parts", JANUARY, **east),
        says(PAGE, "whole", DECEMBER), says(API, "whole", JANUARY, **east),
        says(PAGE, "both", JANUARY), says(PAGE, "both", DECEMBER, **east), says(API, "both", JANUARY, **east),
        says(PAGE, "elsewhere", DECEMBER, scope="us-east-10"), says(API, "elsewhere", JANUARY, **east),
    )  # fmt: skip
    assert built(warehouse, "lifecycle_conflict", "model", "believed_scope", "other_scope") == [
        ("both", "us-east-1", "us-east-1"),
        ("parts", "eu-west-1,us-east-1", "us-east-1"),
        ("whole", "all", "us-east-1"),
    ]  # fmt: skip
