"""Dollars by whatever is asked, from rows worked out by hand."""

from datetime import date
from decimal import Decimal

import pytest

from pipelines.cli.cost import WAYS as ASKED
from pipelines.costs.spend_by import WAYS, spend_by
from pipelines.warehouse.database import Warehouse

DAILY = """
INSERT INTO main.cost_daily BY NAME FROM (VALUES
    (DATE '2026-09-30', 'a', 'input', 100, 1.5, 'p1'), (DATE '2026-10-01', 'a', 'output', 50, 2.25, 'p1'),
    (DATE '2026-10-01', 'b', 'fee', 3, 0.25, 'p2')
) AS rows(usage_date, model, meter_group, quantity, cost_usd, project_id)
SELECT *, cost_usd AS effective_cost_usd, 'openai' AS provider, 'api' AS channel, 'global' AS region,
    'standard' AS service_tier, 'default' AS account_id, false AS is_lower_bound
"""
OWNERS = """
INSERT INTO main.cost_by_owner BY NAME FROM (VALUES
    (DATE '2026-09-30', 'search', 'p1', 100, 1.5), (DATE '2026-10-01', 'search', 'p1', 50, 2.25),
    (DATE '2026-10-01', NULL, 'p2', 0, 0.25)
) AS rows(usage_date, team, project_id, tokens, cost_usd)
SELECT *, cost_usd AS effective_cost_usd, 'default' AS account_id, 1 AS usage_rows, 0 AS unpriced_quantity,
    false AS is_lower_bound
"""


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    warehouse = Warehouse(tmp_path_factory.mktemp("warehouse"))
    with warehouse.write() as connection:
        connection.execute(DAILY)
        connection.execute(OWNERS)
    warehouse.publish()
    return warehouse


def sums(warehouse, by, *arguments):
    return dict(spend_by(warehouse, by, *arguments).select(by, "list_usd").rows())


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


def test_fees_are_no_tokens(warehouse):
    assert spend_by(warehouse, "model")["tokens"].to_list() == [150, None]


def test_every_way_is_answered(warehouse):
    assert sorted(ASKED) == sorted(WAYS)
    for by in WAYS:
        assert spend_by(warehouse, by).columns[0] == by
