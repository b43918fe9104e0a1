"""Bands of volume in the ledger: what a month's quantity makes a day cost, whichever days are priced with it."""

from datetime import date, datetime
from decimal import Decimal
from shutil import copytree

import pytest

from pipelines.costs.price_ledger import days_to_build
from pipelines.snapshots.enter_contract import enter_contract
from pipelines.snapshots.prepare_run import prepare
from pipelines.warehouse.database import Warehouse
from tests.unit.costs.contract_rows import volume_contract
from tests.unit.costs.test_price_ledger import TODAY, add_price, add_usage, build

D = Decimal
FIRST, SECOND, THIRD = date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 4)
# Output of claude-x is 10 USD per million at list. Agreed: 10 for the first million of a month, 8 for the next, then 5.
BANDS = [
    "price,,anthropic,,claude-x,,output,10,,,,,graduated,0",
    "price,,anthropic,,claude-x,,output,8,,,,,graduated,1000000",
    "price,,anthropic,,claude-x,,output,5,,,,,graduated,2000000",
]
WHOLE = [line.replace("graduated", "all_units") for line in BANDS]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    made = Warehouse(tmp_path_factory.mktemp("prepared"))
    prepare(made, datetime(2026, 1, 1))
    add_price(made)
    return made.folder


@pytest.fixture
def agreed(prepared, tmp_path):
    """A warehouse with a price and some lines of a contract."""

    def made(*lines):
        copytree(prepared, tmp_path / "warehouse")
        warehouse = Warehouse(tmp_path / "warehouse")
        agree(warehouse, *lines)
        return warehouse

    return made


def agree(warehouse, *lines):
    (warehouse.folder / "contract_prices.csv").write_text(volume_contract(*lines))
    with warehouse.write() as connection:
        enter_contract(connection, warehouse.folder, datetime(2026, 3, 1))


def paid(warehouse, columns="usage_date, effective_cost_usd", table="main.cost_daily"):
    with warehouse.write() as connection:
        return connection.execute(f"SELECT {columns} FROM {table} ORDER BY ALL").fetchall()  # noqa: S608


def test_a_day_begins_where_the_days_before_it_ended_and_is_split_at_the_boundary(agreed):
    """600,000 at 10 are 6. Then 400,000 at 10 and 200,000 at 8: 5.60. Then 800,000 at 8 and 400,000 at 5: 8.40."""
    warehouse = agreed(*BANDS)
    add_usage(warehouse, FIRST, 600_000)
    add_usage(warehouse, SECOND, 600_000)
    add_usage(warehouse, THIRD, 1_200_000)
    build(warehouse, [FIRST, SECOND, THIRD])
    assert paid(warehouse) == [(FIRST, 6), (SECOND, D("5.6")), (THIRD, D("8.4"))]
    assert paid(warehouse, "sum(list_cost_usd)") == [(24,)], "the list cost stays"
    split = paid(warehouse, "usage_date, contracted_usd_per_unit, quantity, cost_usd", "core.usage_cost")
    assert split[1:3] == [(SECOND, 8, 200_000, 2), (SECOND, 10, 400_000, 4)]


def test_the_next_month_begins_at_nothing(agreed):
    warehouse = agreed(*BANDS)
    april = date(2026, 4, 1)
    add_usage(warehouse, date(2026, 3, 31), 2_500_000)
    add_usage(warehouse, april, 1_000_000)
    build(warehouse, [date(2026, 3, 31), april])
    assert paid(warehouse) == [(date(2026, 3, 31), D("20.5")), (april, 10)]


def test_all_units_puts_every_day_of_the_month_in_the_band_that_is_reached(agreed):
    """1,000,000 reach the second band: all of them are at 8."""
    warehouse = agreed(*WHOLE)
    add_usage(warehouse, FIRST, 600_000)
    build(warehouse, [FIRST])
    assert paid(warehouse) == [(FIRST, 6)]
    add_usage(warehouse, SECOND, 400_000)
    assert days_to_build(warehouse, TODAY) == [FIRST, SECOND, TODAY]
    build(warehouse, [FIRST, SECOND])
    assert paid(warehouse) == [(FIRST, D("4.8")), (SECOND, D("3.2"))]


def test_days_priced_alone_and_in_any_order_cost_what_they_cost_together(agreed):
    """Of 2,300,011 tokens 700,001 at 10; then 299,999 at 10 and 400,004 at 8; then 599,996 at 8 and 300,011 at 5."""
    warehouse = agreed(*BANDS)
    for day, tokens in ((FIRST, 700_001), (SECOND, 700_003), (THIRD, 900_007)):
        add_usage(warehouse, day, tokens)
    for day in (THIRD, FIRST, SECOND):
        build(warehouse, [day])
    assert paid(warehouse) == [(FIRST, D("7.00001")), (SECOND, D("6.200022")), (THIRD, D("6.300023"))]
    assert days_to_build(warehouse, TODAY) == [TODAY]


def test_a_day_alone_is_in_the_band_that_the_whole_month_reaches(agreed):
    warehouse = agreed(*WHOLE)
    for day, tokens in ((FIRST, 700_001), (SECOND, 700_003), (THIRD, 900_007)):
        add_usage(warehouse, day, tokens)
    build(warehouse, [SECOND])
    assert paid(warehouse) == [(SECOND, D("3.500015"))]
    assert days_to_build(warehouse, TODAY) == [FIRST, THIRD, TODAY]


def test_late_usage_of_an_early_day_prices_the_days_after_it_again_and_none_before_it(agreed):
    warehouse = agreed(*BANDS)
    for day in (FIRST, SECOND, THIRD):
        add_usage(warehouse, day, 500_000)
    build(warehouse, [FIRST, SECOND, THIRD])
    add_usage(warehouse, SECOND, 500_000, usage_id="late", import_id="i2")
    assert days_to_build(warehouse, TODAY) == [SECOND, THIRD, TODAY]
    build(warehouse, [SECOND, THIRD])
    assert paid(warehouse) == [(FIRST, 5), (SECOND, 9), (THIRD, 4)]


def test_owners_take_their_share_of_each_band_and_add_up_to_the_day(agreed):
    """900,000 + 300,000 + 300,001 tokens: the first million at 10 and 500,001 at 8 are 14.000008 USD."""
    warehouse = agreed(*BANDS)
    for number, tokens in enumerate((900_000, 300_000, 300_001)):
        who = {"user_id": f"u{number}", "project_id": f"p{number % 2}", "conversation_id": f"c{number}"}
        add_usage(warehouse, FIRST, tokens, usage_id=f"{number}", import_id=f"i{number}", **who)
    build(warehouse, [FIRST])
    total = D("14.000008")
    assert paid(warehouse, "sum(effective_cost_usd)") == [(total,)]
    for table in ("main.cost_by_owner", "main.conversation_cost"):
        assert paid(warehouse, "sum(effective_cost_usd)", table) == [(total,)], table
    by_user = dict(paid(warehouse, "user_id, effective_cost_usd", "main.cost_by_owner"))
    for user, tokens in (("u0", 900_000), ("u1", 300_000), ("u2", 300_001)):
        assert abs(by_user[user] - total * tokens / 1_500_001) < D("0.00002"), user
    by_project = paid(warehouse, "project_id, sum(effective_cost_usd)", "main.cost_by_owner GROUP BY ALL")
    assert by_project == paid(warehouse, "project_id, sum(effective_cost_usd)", "main.cost_daily GROUP BY ALL")


def test_a_discount_counts_all_tokens_of_its_scope_and_of_all_accounts(agreed):
    """Input at 2 and output at 10 at list. 1,500,000 tokens: the first million less 0 %, the rest less 50 %."""
    warehouse = agreed("discount,,anthropic,,,,,0,,,,,graduated,0", "discount,,anthropic,,,,,50,,,,,graduated,1000000")
    add_price(warehouse, meter="input_uncached", usd_per_unit=D(2), price_id="p2")
    add_usage(warehouse, FIRST, 500_000, account_id="org-a", import_id="a", usage_id="a")
    add_usage(warehouse, FIRST, 500_000, account_id="org-b", import_id="b", usage_id="b", input_uncached_tokens=500_000)
    build(warehouse, [FIRST])
    # Each meter of each account has a third of its tokens in the second band: 500,000 of 1,500,000.
    listed = 5 + 5 + 1
    ((effective,),) = paid(warehouse, "sum(effective_cost_usd)")
    assert abs(effective - D(listed) * 5 / 6) < D("0.0001")
    assert paid(warehouse, "sum(effective_cost_usd)", "main.cost_by_owner") == [(effective,)]


def test_usage_under_a_new_scale_is_counted_from_its_first_day(agreed):
    """From the 4th on other bands: what was used before it is in none of them."""
    old, new = "2026-01-01,2026-03-04", "2026-03-04,"
    lines = [*(line.replace(",,,graduated", f",{old},graduated") for line in BANDS[:2])]
    lines += [line.replace(",10,,,,,", ",9,,,,,").replace(",,,graduated", f",{new},graduated") for line in BANDS[:2]]
    warehouse = agreed(*lines)
    for day in (FIRST, SECOND, THIRD):
        add_usage(warehouse, day, 800_000)
    build(warehouse, [FIRST, SECOND, THIRD])
    # 8; then 200,000 at 10 and 600,000 at 8; then 800,000 at 9.
    assert paid(warehouse) == [(FIRST, 8), (SECOND, D("6.8")), (THIRD, D("7.2"))]


def test_usage_under_a_plan_adds_to_no_volume(agreed):
    warehouse = agreed(*BANDS)
    (warehouse.folder / "plans.csv").write_text(
        "plan,provider,kind,id,covers_provider,covers_format,seats,fee_per_seat,currency,valid_from,valid_to\n"
        "Max,anthropic,user,seat,anthropic,claude_code,1,31,,2026-01-01,\n"
    )
    add_usage(warehouse, FIRST, 900_000, user_id="seat", usage_id="a", import_id="a")
    add_usage(warehouse, FIRST, 1_500_000, user_id="key", usage_id="b", import_id="b")
    build(warehouse, [FIRST])
    owed = "sum(effective_cost_usd)"
    assert paid(warehouse, owed, "main.cost_daily WHERE cost_basis = 'billed'") == [(14,)]
    assert paid(warehouse, owed, "main.cost_by_owner WHERE user_id = 'key'") == [(14,)]
