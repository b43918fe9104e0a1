"""The files of the demo's user: what the readers make of them, and a bill that adds up without the code's prices."""

from datetime import date, datetime
from decimal import Decimal

import polars as pl
import pytest

from pipelines.demo.sample_usage import write_sample_usage
from pipelines.demo.user_files import write_bill, write_user_files
from pipelines.snapshots.budget_file import parse_budgets
from pipelines.snapshots.contract_file import parse_contract
from pipelines.usage.owner_map import parse_owner_map
from tests.one_import import import_file

OCTOBER = date(2026, 10, 10)


@pytest.fixture(scope="module")
def usage(tmp_path_factory):
    return write_sample_usage(tmp_path_factory.mktemp("inbox"))[0]


def test_every_project_of_the_sample_has_a_team_and_a_cost_center(tmp_path, usage):
    owners, *_ = write_user_files(tmp_path)
    rows = parse_owner_map(owners, owners.read_bytes())
    projects = set(pl.read_csv(usage, separator="\t", infer_schema=False)["project_id"].drop_nulls())
    assert set(rows.filter(kind="project")["id"]) == projects | {"price-service", "assistant"}
    assert rows["cost_center"].null_count() == 0


def test_budgets_are_of_all_and_of_a_team_of_the_map(tmp_path):
    owners, budgets, _ = write_user_files(tmp_path)
    found = [(each.scope, each.owner, each.period) for each in parse_budgets(budgets, budgets.read_bytes())]
    assert found == [("all", "all", "month"), ("team", "support", "month")]
    assert "support" in set(parse_owner_map(owners, owners.read_bytes())["team"])


def test_the_contract_is_a_discount_of_one_provider_from_a_day_on(tmp_path):
    contract = write_user_files(tmp_path)[2]
    (term,) = parse_contract(contract, contract.read_bytes()).iter_rows(named=True)
    assert (term["kind"], term["provider"], term["valid_from"]) == ("discount", "anthropic", date(2026, 9, 1))


def test_what_somebody_wrote_stays(tmp_path):
    (tmp_path / "budgets.toml").write_text("# mine\n")
    write_user_files(tmp_path)
    assert (tmp_path / "budgets.toml").read_text() == "# mine\n"


def test_there_is_no_bill_before_the_month_is_over(usage):
    assert write_bill(usage, date(2026, 9, 30)) is None


def test_the_bill_is_the_same_at_every_call(usage):
    one = write_bill(usage, OCTOBER)
    assert one is not None
    first = one.read_bytes()
    assert write_bill(usage, OCTOBER).read_bytes() == first


def test_a_day_of_the_bill_is_tokens_times_the_printed_price(usage):
    """gpt-5.5 printed 5 USD per million tokens of input and 30 of output; sol is billed 40,000 output tokens more."""
    bill = import_file(write_bill(usage, OCTOBER), datetime(2026, 10, 10, 8))
    assert (bill.count.format, bill.count.reject_count) == ("openai_dashboard_costs", 0)
    assert set(bill.usage["starts_at"].dt.month()) == {9}
    day = datetime(2026, 9, 22)
    used = import_file(usage, datetime(2026, 10, 10, 8)).usage.filter(usage_at=day)
    billed = bill.usage.filter(starts_at=day)
    drafted, sol = (used.filter(model=model).row(0, named=True) for model in ("gpt-5.5", "gpt-5.6-sol"))
    usd = dict(billed.filter(project_id="proj_demo_drafting").select("meter", "amount_usd").rows())
    assert usd["input_uncached"] == Decimal(drafted["input_uncached_tokens"]) * 5 / 1_000_000
    assert usd["output"] == Decimal(drafted["output_tokens"]) * 30 / 1_000_000
    (output,) = billed.filter(model="gpt-5.6-sol", meter="output")["amount_usd"]
    assert output == Decimal(sol["output_tokens"] + 40_000) * 20 / 1_000_000
