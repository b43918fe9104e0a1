"""What stands at list price for want of a rate is said beside the figure: by the commands, and on the page."""

from datetime import date
from decimal import Decimal

import pytest
from bs4 import BeautifulSoup
from typer.testing import CliRunner

from pipelines.cli import main as cli
from pipelines.costs.days_at_list import at_list_note, days_at_list
from pipelines.report.write_report import write_report
from pipelines.warehouse.database import Warehouse

D = Decimal
LAST = date(2026, 10, 10)
# On the 8th and 9th the price is in euros without a rate; on the 1st all is known, and on the 2nd nothing has a price.
DAILY = """
INSERT INTO main.cost_daily BY NAME FROM (VALUES
    (DATE '2026-10-01', 2.0, 1.5), (DATE '2026-10-08', 4.0, NULL), (DATE '2026-10-09', 1.25, NULL)
) AS rows(usage_date, cost_usd, effective_cost_usd)
SELECT *, 'a' AS model, 'openai' AS provider, 'api' AS channel, 'global' AS region, 'standard' AS service_tier,
    'default' AS account_id, 'output' AS meter_group, 'billed' AS cost_basis, 10 AS quantity, false AS is_lower_bound
"""
OWNERS = """
INSERT INTO main.cost_by_owner BY NAME FROM (VALUES
    (DATE '2026-10-08', 'search', 4.0, NULL), (DATE '2026-10-09', 'chat', 1.25, NULL),
    (DATE '2026-10-02', 'x', NULL, NULL)
) AS rows(usage_date, team, cost_usd, effective_cost_usd)
SELECT *, 'default' AS account_id, 1 AS usage_rows, 10 AS tokens, 0 AS unpriced_quantity, false AS is_lower_bound
"""
FORECAST = """
INSERT INTO main.spend_forecast BY NAME
SELECT DATE '2026-10-10' AS as_of, 'month' AS period, 'all' AS scope, DATE '2026-10-01' AS first_on,
    DATE '2026-10-31' AS last_on, 7.25 AS spent_usd, 20 AS projected_usd, false AS is_lower_bound,
    DATE '2026-10-01' AS month, 'all' AS provider, 'all' AS model, '' AS band_basis, '' AS method, 10 AS history_days,
    true AS is_low_confidence, false AS is_unpriced, '' AS formula_version
"""
NOTE = (
    "5.25 USD of it, of 2 days from 2026-10-08 to 2026-10-09, are at list price: what was agreed is in a currency "
    "without a rate there in exchange_rates.csv; costs doctor names line and day"
)


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    warehouse = Warehouse(tmp_path_factory.mktemp("warehouse"))
    with warehouse.write() as connection:
        for statement in (DAILY, OWNERS, FORECAST):
            connection.execute(statement)
    warehouse.publish()
    return warehouse


def test_days_of_a_period_and_of_an_owner(published):
    assert days_at_list(published, None, None) == [(date(2026, 10, 8), 4), (date(2026, 10, 9), D("1.25"))]
    assert days_at_list(published, date(2026, 10, 9), date(2026, 10, 20)) == [(date(2026, 10, 9), D("1.25"))]
    assert days_at_list(published, None, None, "search") == [(date(2026, 10, 8), 4)]
    assert at_list_note([]) is None
    assert at_list_note([(date(2026, 10, 8), D(4))]).startswith("4.00 USD of it, of 2026-10-08, are at list price")


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["cost"], f"owed_usd: {NOTE}"),
        (["cost", "--by", "team", "--owner", "chat"], "owed_usd: 1.25 USD of it, of 2026-10-09, are at list price"),
        (["forecast"], f"projected_owed_usd rests on days of which {NOTE}"),
    ],
)
def test_commands_say_it_beside_their_rows(published, command, told):
    result = CliRunner().invoke(cli.app, ["--warehouse", str(published.folder), *command, "--json"])
    assert result.exit_code == 0
    assert told in result.stderr
    quiet = ["--warehouse", str(published.folder), "cost", "--to", "2026-10-07"]
    assert "list price" not in CliRunner().invoke(cli.app, quiet).stderr


def test_the_page_says_it_beside_the_spend_and_the_month_end(published):
    soup = BeautifulSoup(write_report(published, LAST).file.read_text(), "lxml")
    assert f"{NOTE}." in soup.select_one("#spend").text
    assert f"What is owed rests on days of which {NOTE}." in soup.select_one("#month-end").text
