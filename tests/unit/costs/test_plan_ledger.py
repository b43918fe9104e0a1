"""Usage under a plan from plans.csv to the tables: it is api-equivalent, its fee is owed, and nothing counts twice."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.costs.check_marts import check_marts
from pipelines.costs.plan_coverage import PLAN_ID, lines_of, owners_on, with_plans
from pipelines.costs.price_ledger import days_to_build, price_days, unfinished_days, usage_left_out
from pipelines.snapshots.prepare_run import prepare
from pipelines.snapshots.user_inputs import check_user_inputs
from pipelines.usage.owner_map import parse_owner_map
from pipelines.usage.plan_file import parse_plans
from pipelines.usage.store_reported_costs import store_reported_costs
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import read_table
from tests.unit.costs.contract_rows import contract
from tests.unit.costs.reported_rows import line, reported
from tests.unit.costs.test_price_ledger import MARCH, TODAY, add_price, add_usage, build
from tests.unit.usage.test_plan_file import HEADER

FIRST = date(2026, 3, 19)
DAYS = [FIRST, MARCH, TODAY]
MAX = "Max,anthropic,user,ann,anthropic,claude_code,1,31,,2026-03-19,"
BUCKET = {"grain": "bucket", "format": "anthropic_usage_report", "grouping": "", "import_id": "i2"}


@pytest.fixture
def warehouse(tmp_path):
    made = Warehouse(tmp_path)
    prepare(made, datetime(2026, 1, 1))
    add_price(made)
    return made


def write(warehouse, *lines):
    (warehouse.folder / "plans.csv").write_text("\n".join([HEADER, *lines]) + "\n")


def rows(warehouse, table, *columns, order="ALL"):
    with warehouse.write() as connection:
        return read_table(connection, table, f"true ORDER BY {order}").select(columns).rows()


def test_usage_under_a_plan_is_not_owed_and_its_fee_is(warehouse):
    """31 USD in March are 1 a day. Ann's million at 10 USD is under the plan, Bob's half million is billed."""
    write(warehouse, MAX)
    add_usage(warehouse, MARCH, user_id="ann")
    add_usage(warehouse, MARCH, 500_000, "bob", user_id="bob")
    assert days_to_build(warehouse, TODAY) == DAYS
    build(warehouse, DAYS)
    names = ("usage_date", "provider", "meter_group", "cost_basis", "plan_id", "cost_usd", "effective_cost_usd")
    fee = ("anthropic", "plan_fee", "plan_fee", "Max/user/ann", Decimal(0), Decimal(1))
    assert rows(warehouse, "main.cost_daily", *names, order="usage_date, cost_basis") == [
        (FIRST, *fee),
        (MARCH, "anthropic", "output", "api_equivalent", "Max/user/ann", Decimal(10), Decimal(0)),
        (MARCH, "anthropic", "output", "billed", None, Decimal(5), Decimal(5)),
        (MARCH, *fee),
        (TODAY, *fee),
    ]
    value = ("usage_date", "plan", "id", "fee_usd", "api_equivalent_usd", "saved_usd", "tokens")
    assert rows(warehouse, "main.plan_value", *value) == [
        (FIRST, "Max", "ann", Decimal(1), Decimal(0), Decimal(-1), 0),
        (MARCH, "Max", "ann", Decimal(1), Decimal(10), Decimal(9), 1_000_000),
        (TODAY, "Max", "ann", Decimal(1), Decimal(0), Decimal(-1), 0),
    ]
    owners = rows(warehouse, "main.cost_by_owner", "user_id", "plan_id", "cost_usd")
    assert sorted(owners) == [("ann", "Max/user/ann", Decimal(10)), ("bob", None, Decimal(5))]
    assert days_to_build(warehouse, TODAY) == [TODAY]


def test_a_changed_plan_builds_its_days_again_and_no_others(warehouse):
    add_usage(warehouse, MARCH, user_id="ann")
    add_usage(warehouse, date(2026, 3, 1), user_id="ann")
    build(warehouse, [date(2026, 3, 1), *DAYS])
    write(warehouse, MAX.replace("2026-03-19,", "2026-03-20,2026-03-21"))
    assert days_to_build(warehouse, TODAY) == [MARCH, TODAY]
    build(warehouse, DAYS)
    assert rows(warehouse, "main.plan_value", "usage_date", "saved_usd") == [(MARCH, Decimal(9))]
    (warehouse.folder / "plans.csv").unlink()
    assert days_to_build(warehouse, TODAY) == [MARCH, TODAY]
    build(warehouse, DAYS)
    assert rows(warehouse, "main.plan_value", "usage_date") == []
    assert {basis for (basis,) in rows(warehouse, "main.cost_daily", "cost_basis")} == {"billed"}


def test_a_run_that_ends_before_the_marts_is_seen_to_be_unfinished(warehouse):
    write(warehouse, MAX)
    price_days(warehouse, DAYS)
    assert unfinished_days(warehouse) == DAYS


def test_a_mistake_in_the_file_leaves_the_last_good_plans(warehouse):
    write(warehouse, MAX)
    check_user_inputs(warehouse.folder, {})
    write(warehouse, MAX.replace(",31,", ",thirty,"))
    (problem,) = check_user_inputs(warehouse.folder, {})
    assert (problem.name, "line 2: fee_per_seat 'thirty' is no amount" in problem.text) == ("plans.csv", True)
    add_usage(warehouse, MARCH, user_id="ann")
    build(warehouse, DAYS)
    assert rows(warehouse, "main.plan_value", "saved_usd", order="usage_date")[1] == (Decimal(9),)


def test_a_report_of_what_is_billed_never_competes_with_usage_under_a_plan(warehouse):
    """The provider's report of the same model and day is of other usage: 3 Mtok are owed, beside Ann's 1."""
    write(warehouse, MAX)
    add_usage(warehouse, MARCH, user_id="ann")
    noon = datetime(MARCH.year, MARCH.month, MARCH.day)
    add_usage(warehouse, MARCH, 3_000_000, "bucket", **BUCKET, usage_at=noon, usage_until=noon + timedelta(days=1))
    build(warehouse, DAYS)
    found = rows(
        warehouse, "main.cost_daily", "cost_basis", "cost_usd", "effective_cost_usd", order="usage_date, cost_basis"
    )
    assert found[1:3] == [("api_equivalent", Decimal(10), Decimal(0)), ("billed", Decimal(30), Decimal(30))]
    assert usage_left_out(warehouse, [MARCH]) == []


def test_a_bill_is_compared_with_what_is_billed(warehouse):
    write(warehouse, MAX)
    add_usage(warehouse, MARCH, user_id="ann")
    add_usage(warehouse, MARCH, 500_000, "bob", user_id="bob")
    times = {"usage_date": MARCH, "starts_at": datetime(2026, 3, 20), "ends_at": datetime(2026, 3, 21)}
    bill = line("5.00", provider="anthropic", model="claude-x", **times)
    with warehouse.write() as connection:
        store_reported_costs(connection, reported(bill))
    build(warehouse, DAYS)
    compared = rows(warehouse, "main.cost_reconciliation", "computed_usd", "reported_usd")
    assert compared == [(Decimal(5), Decimal(5))]


OWNERS = "kind,id,team,cost_center\nuser,ann,search,\nkey,k1,search,\nuser,bob,ads,\n"
USAGE = pl.DataFrame(
    {
        "user_id": ["ann", "bob", "ann", None, "ann"],
        "api_key_id": [None, None, "k2", "k1", None],
        "provider": ["anthropic", "anthropic", "anthropic", "anthropic", "openai"],
        "format": ["claude_code", "claude_code", "claude_code", "claude_code", "codex"],
    }
)


@pytest.mark.parametrize(
    ("line", "covered"),
    [
        ("P,anthropic,user,ann,anthropic,,1,1,,2026-01-01,", [0, 2]),
        ("P,anthropic,user,ann,,codex,1,1,,2026-01-01,", [4]),
        ("P,anthropic,user,ann,,,1,1,,2026-01-01,", []),
        ("P,anthropic,user,Ann,anthropic,,1,1,,2026-01-01,", []),
        ("P,anthropic,key,k1;k2,anthropic,,2,1,,2026-01-01,", [2, 3]),
        ("P,anthropic,team,search,anthropic;openai,,2,1,,2026-01-01,", [0, 2, 3, 4]),
        ("P,anthropic,team,ads,,claude_code,2,1,,2026-01-01,", [1]),
        ("P,anthropic,account,default,,claude_code,2,1,,2026-01-01,", [0, 1, 2, 3]),
        ("P,anthropic,account,other,,claude_code,2,1,,2026-01-01,", []),
        ("P,anthropic,project,p,,claude_code,2,1,,2026-01-01,", []),
        ("P,anthropic,user,ann,anthropic,,1,1,,2026-03-21,", []),
        ("P,anthropic,user,ann,anthropic,,1,1,,2026-01-01,2026-03-20", []),
    ],
)
def test_what_a_plan_covers_is_what_the_file_says(tmp_path, line, covered):
    plans = parse_plans(tmp_path, f"{HEADER}\n{line}".encode())
    owners = owners_on(parse_owner_map(tmp_path, OWNERS.encode()), MARCH)
    lines = lines_of(plans, MARCH)
    found = with_plans(USAGE.lazy(), lines, owners).collect() if lines.height else USAGE.with_columns(plan_id=None)
    assert [number for number, plan in enumerate(found[PLAN_ID]) if plan] == covered


def test_of_plans_of_several_owners_the_closest_covers(tmp_path):
    team = "T,anthropic,team,search,anthropic,,2,1,,2026-01-01,"
    own = "U,anthropic,user,ann,anthropic,claude_code,1,1,,2026-01-01,"
    plans = parse_plans(tmp_path, f"{HEADER}\n{team}\n{own}".encode())
    owners = owners_on(parse_owner_map(tmp_path, OWNERS.encode()), MARCH)
    found = with_plans(USAGE.lazy(), lines_of(plans, MARCH), owners).collect()
    assert found[PLAN_ID].to_list() == ["U/user/ann", None, "U/user/ann", "T/team/search", None]


SOMEONE = st.sampled_from(["ann", "bob", "cy", None])


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(users=st.lists(st.tuples(SOMEONE, st.integers(1, 10**9)), min_size=1, max_size=5), seated=st.sets(SOMEONE))
def test_all_usage_is_billed_or_api_equivalent_and_never_both(tmp_path_factory, users, seated):
    made = Warehouse(tmp_path_factory.mktemp("w"))
    prepare(made, datetime(2026, 1, 1))
    add_price(made)
    write(made, *(MAX.replace("ann", user) for user in seated if user))
    for number, (user, tokens) in enumerate(users):
        add_usage(made, MARCH, tokens, f"{number}", user_id=user)
    build(made, DAYS)
    daily = rows(made, "main.cost_daily", "cost_basis", "quantity", "cost_usd", "effective_cost_usd")
    by_basis = {
        basis: tuple(sum(row[place] for row in daily if row[0] == basis) for place in (1, 2, 3))
        for basis in ("billed", "api_equivalent", "plan_fee")
    }
    under = sum(tokens for user, tokens in users if user in seated and user)
    billed = sum(tokens for _, tokens in users) - under
    seats = len([user for user in seated if user])
    # 10 USD a million tokens, and 1 USD a day and seat on three days.
    assert by_basis["billed"] == (billed, Decimal(billed) / 100_000, Decimal(billed) / 100_000)
    assert by_basis["api_equivalent"] == (under, Decimal(under) / 100_000, 0)
    assert by_basis["plan_fee"] == (0, 0, 3 * seats)
    owned = rows(made, "main.cost_by_owner", "plan_id", "cost_usd")
    assert sum(usd for _, usd in owned) == Decimal(billed + under) / 100_000


def test_the_checks_hold_and_see_usage_that_counts_twice(warehouse):
    write(warehouse, MAX)
    add_usage(warehouse, MARCH, user_id="ann")
    build(warehouse, DAYS)
    assert [one.expectation.name for one in check_marts(warehouse, DAYS) if not one.is_met] == []
    with warehouse.write() as connection:
        connection.execute(
            "UPDATE main.cost_daily SET effective_cost_usd = cost_usd WHERE cost_basis = 'api_equivalent'"
        )
    failed = [one.expectation.name for one in check_marts(warehouse, DAYS) if not one.is_met]
    assert failed == ["what_is_owed_for_plans_is_their_fee"]


def test_the_contract_has_no_say_in_usage_under_a_plan(warehouse):
    """Half the list price was agreed: Bob's 5 USD are 2.50, and what Ann's usage is worth stays the list price."""
    write(warehouse, MAX)
    (warehouse.folder / "contract_prices.csv").write_text(contract("discount,,anthropic,,,,,50%,,,,"))
    assert prepare(warehouse, datetime(2026, 3, 21)).problems == []
    add_usage(warehouse, MARCH, user_id="ann")
    add_usage(warehouse, MARCH, 500_000, "bob", user_id="bob")
    build(warehouse, DAYS)
    names = ("cost_basis", "list_cost_usd", "effective_cost_usd")
    assert rows(warehouse, "main.cost_daily", *names, order="usage_date, cost_basis")[1:4] == [
        ("api_equivalent", Decimal(10), Decimal(0)),
        ("billed", Decimal(5), Decimal("2.5")),
        ("plan_fee", Decimal(0), Decimal(1)),
    ]
    assert rows(warehouse, "main.plan_value", "saved_usd", order="usage_date")[1] == (Decimal(9),)
