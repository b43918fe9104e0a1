"""Dollars by whatever is asked, from rows worked out by hand."""

from datetime import date
from decimal import Decimal

import pytest

from pipelines.cli.cost import WAYS as ASKED
from pipelines.costs.spend_by import WAYS, spend_by, unpriced_models
from pipelines.warehouse.database import Warehouse

DAILY = """
INSERT INTO main.cost_daily BY NAME FROM (VALUES
    (DATE '2026-09-30', 'a', 'input', 100, 1.5, 'p1'), (DATE '2026-10-01', 'a', 'output', 50, 2.25, 'p1'),
    (DATE '2026-10-01', 'b', 'fee', 3, 0.25, 'p2')
) AS rows(usage_date, model, meter_group, quantity, cost_usd, project_id)
SELECT *, cost_usd AS effective_cost_usd, 'openai' AS provider, 'api' AS channel, 'global' AS region,
    'standard' AS service_tier, 'default' AS account_id, false AS is_lower_bound
"""
UNPRICED = """
INSERT INTO main.cost_unpriced BY NAME FROM (VALUES
    (DATE '2026-10-01', 'b', 'input_uncached', 7), (DATE '2026-10-01', 'new', 'output', 20),
    (DATE '2026-10-02', 'new', 'web_searches', 2)
) AS rows(usage_date, model, meter, quantity)
SELECT *, 'openai' AS provider, 'standard' AS service_tier, 'default' AS account_id,
    'unknown_model' AS unpriced_reason, '' AS remedy
"""
UNPRICED_FOR_REASONS = """
INSERT INTO main.cost_unpriced BY NAME FROM (VALUES
    ('t', 'fast', 'output', 'no_price_for_tier', NULL),
    ('t', 'standard', 'audio_output', 'no_price_for_meter', NULL),
    ('t', 'standard', 'audio_input', 'no_price_for_meter', NULL),
    ('u', 'standard', 'output', 'before_first_price', DATE '2026-11-02'),
    ('v', 'standard', 'output', 'no_price_for_context', NULL)
) AS rows(model, service_tier, meter, unpriced_reason, first_price_on)
SELECT *, DATE '2026-11-01' AS usage_date, 'p' AS provider, 'a' AS account_id, 1 AS quantity, '' AS remedy
"""
OWNERS = """
INSERT INTO main.cost_by_owner BY NAME FROM (VALUES
    (DATE '2026-09-30', 'search', 'p1', 100, 1.5), (DATE '2026-10-01', 'search', 'p1', 50, 2.25),
    (DATE '2026-10-01', NULL, 'p2', 27, 0.25), (DATE '2026-10-02', NULL, 'p2', 0, NULL)
) AS rows(usage_date, team, project_id, tokens, cost_usd)
SELECT *, cost_usd AS effective_cost_usd, 'default' AS account_id, 1 AS usage_rows,
    CASE WHEN project_id = 'p2' THEN 1 ELSE 0 END AS unpriced_quantity,
    false AS is_lower_bound
"""


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    warehouse = Warehouse(tmp_path_factory.mktemp("warehouse"))
    with warehouse.write() as connection:
        connection.execute(DAILY)
        connection.execute(OWNERS)
        connection.execute(UNPRICED)
    warehouse.publish()
    return warehouse


def sums(warehouse, by, *arguments):
    return dict(spend_by(warehouse, by, *arguments).select(by, "list_usd").drop_nulls().rows())


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("day", {date(2026, 9, 30): "1.5", date(2026, 10, 1): "2.5"}),
        ("week", {date(2026, 9, 28): "4"}),
        ("month", {"2026-09": "1.5", "2026-10": "2.5"}),
        ("model", {"a": "3.75", "b": "0.25"}),
        ("team", {"search": "3.75", "not mapped": "0.25"}),
        ("project", {"p1": "3.75", "p2": "0.25"}),
        ("account", {"default": "4"}),
        ("feature", {"not told": "4"}),
    ],
)
def test_every_way_adds_up_to_the_same(warehouse, by, expected):
    assert sums(warehouse, by) == {name: Decimal(usd) for name, usd in expected.items()}


def test_a_period_and_an_owner(warehouse):
    assert sums(warehouse, "model", date(2026, 10, 1), date(2026, 10, 1)) == {
        "a": Decimal("2.25"),
        "b": Decimal("0.25"),
    }
    assert sums(warehouse, "month", None, None, "search") == {"2026-09": Decimal("1.5"), "2026-10": Decimal("2.25")}
    assert spend_by(warehouse, "day", owner="x' OR true --").is_empty()


def test_fees_are_no_tokens_and_what_has_no_price_is_there_without_dollars(warehouse):
    found = spend_by(warehouse, "model").select("model", "tokens", "list_usd", "is_lower_bound").rows()
    assert found == [
        ("a", 150, Decimal("3.75"), False),
        ("b", 7, Decimal("0.25"), True),
        ("new", 20, None, True),
    ]


@pytest.mark.parametrize("by", WAYS)
def test_tokens_are_the_same_whichever_way_priced_or_not(warehouse, by):
    assert spend_by(warehouse, by)["tokens"].sum() == 177


def test_models_without_a_price_in_a_period(warehouse):
    assert list(unpriced_models(warehouse)) == ["b", "new"]
    assert list(unpriced_models(warehouse, date(2026, 10, 2))) == ["new"]
    assert unpriced_models(warehouse, None, date(2026, 9, 30)) == {}


def test_every_way_is_answered(warehouse):
    assert sorted(ASKED) == sorted(WAYS)
    for by in WAYS:
        assert spend_by(warehouse, by).columns[0] == by


def test_what_has_no_price_is_named_with_the_reason(warehouse):
    assert unpriced_models(warehouse)["new"] == "no list has it"
    with warehouse.write() as connection:
        connection.execute(UNPRICED_FOR_REASONS)
    warehouse.publish()
    told = unpriced_models(warehouse, date(2026, 11, 1))
    assert told == {
        "t": "no price for audio_input, audio_output, no price for tier fast",
        "u": "its first price is of 2026-11-02",
        "v": "no price for prompts of its size",
    }
