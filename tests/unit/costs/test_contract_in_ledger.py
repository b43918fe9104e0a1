"""The contract in the tables that people read: which days it prices again, list beside effective cost, its versions."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from pipelines.costs.charge_contract import charge_contract
from pipelines.costs.price_ledger import days_to_build
from pipelines.snapshots.prepare_run import prepare
from pipelines.warehouse.rows import read_table
from tests.unit.costs.contract_rows import contract
from tests.unit.costs.test_price_ledger import (
    FEBRUARY,
    MARCH,
    TODAY,
    add_price,
    add_usage,
    build,
    warehouse,  # noqa: F401 - a fixture
)

D = Decimal


def agree(warehouse, *lines, at=datetime(2026, 3, 21)):  # noqa: F811
    (warehouse.folder / "contract_prices.csv").write_text(contract(*lines))
    return prepare(warehouse, at).problems


def daily(warehouse, columns="usage_date, account_id, list_cost_usd, effective_cost_usd"):  # noqa: F811
    with warehouse.write() as connection:
        return connection.execute(f"SELECT {columns} FROM main.cost_daily ORDER BY ALL").fetchall()  # noqa: S608


def test_a_discount_prices_the_days_that_it_touches_again_and_no_other(warehouse):  # noqa: F811
    """1,000,000 tokens at 10 USD per million are 10 USD at list; 12.5 % less from March on: 8.75 USD."""
    add_price(warehouse)
    add_usage(warehouse, FEBRUARY)
    add_usage(warehouse, MARCH)
    assert build(warehouse, [FEBRUARY, MARCH]) == 2
    assert agree(warehouse, "discount,,anthropic,,,,,12.5%,,MSA 4.1,2026-03-01,") == []
    assert days_to_build(warehouse, TODAY) == [MARCH, TODAY]
    assert build(warehouse, [FEBRUARY, MARCH]) == 1
    assert daily(warehouse) == [(FEBRUARY, "default", 10, 10), (MARCH, "default", 10, D("8.75"))]
    assert daily(warehouse, "sum(cost_usd)") == [(20,)], "what is read as cost until now stays the list price"


def test_a_price_for_one_account_leaves_the_list_price_to_the_others(warehouse):  # noqa: F811
    add_price(warehouse)
    add_usage(warehouse, MARCH, account_id="org-a", import_id="i@a")
    add_usage(warehouse, MARCH, account_id="org-b", import_id="i@b", usage_id="other")
    agree(warehouse, "price,org-a,anthropic,,claude-x,,output,7.2,,,,")
    build(warehouse, [MARCH])
    assert daily(warehouse) == [(MARCH, "org-a", 10, D("7.2")), (MARCH, "org-b", 10, 10)]


def test_a_model_of_the_contract_alone_has_an_effective_cost_and_no_list_cost(warehouse):  # noqa: F811
    add_price(warehouse)
    add_usage(warehouse, MARCH, model="our-tuned-model")
    agree(warehouse, "price,,,,our-tuned-model,,output,4,,,,")
    build(warehouse, [MARCH])
    assert daily(warehouse) == [(MARCH, "default", None, 4)]
    with warehouse.write() as connection:
        assert read_table(connection, "main.cost_unpriced").is_empty()
    assert days_to_build(warehouse, MARCH) == [MARCH]


def test_a_changed_file_is_a_new_version_and_nothing_is_overwritten(warehouse):  # noqa: F811
    first, second = datetime(2026, 3, 21), datetime(2026, 3, 22)
    agree(warehouse, "discount,,anthropic,,,,,10,,,2026-01-01,", at=first)
    agree(warehouse, "discount,,anthropic,,,,,10,,,2026-01-01,", at=datetime(2026, 3, 21, 12))
    agree(warehouse, "discount,,anthropic,,,,,15,,,2026-01-01,", at=second)
    with warehouse.write() as connection:
        versions = read_table(connection, "core.contract_term", "true ORDER BY known_from")
    told = versions.select("value", "valid_from", "known_from", "known_to", "basis").rows()
    begin = date(2026, 1, 1)
    assert told == [(10, begin, first, second, "contract"), (15, begin, second, None, "contract")]


def test_a_bad_line_leaves_the_last_good_state_in_force_and_is_a_problem(warehouse):  # noqa: F811
    add_price(warehouse)
    add_usage(warehouse, MARCH)
    assert agree(warehouse, "discount,,anthropic,,,,,10,,,,") == []
    (problem,) = agree(warehouse, "discount,,anthropic,,,,,ten,,,,")
    file = warehouse.folder / "contract_prices.csv"
    assert problem.text == (
        f"{file} line 2: value 'ten' of a discount cannot be used; write percent off the list price from 0 to 100, "
        "such as 12.5, with at most six decimals. Until then its last good state stays in force"
    )
    build(warehouse, [MARCH])
    assert daily(warehouse) == [(MARCH, "default", 10, 9)]


def test_without_the_file_the_list_price_counts_again(warehouse):  # noqa: F811
    add_price(warehouse)
    add_usage(warehouse, MARCH)
    agree(warehouse, "discount,,,,,,,10,,,,")
    build(warehouse, [MARCH])
    (warehouse.folder / "contract_prices.csv").unlink()
    prepare(warehouse, datetime(2026, 3, 23))
    assert build(warehouse, [MARCH]) == 1
    assert daily(warehouse) == [(MARCH, "default", 10, 10)]


def test_charges_follow_from_the_ledger_and_the_file(warehouse):  # noqa: F811
    """1,000,000 tokens at 10 USD less 12.5 % are 8.75 USD in February; 20 are committed for each month up to March."""
    add_price(warehouse)
    add_usage(warehouse, FEBRUARY)
    agree(warehouse, "discount,,,,,,,12.5,,,,", "commitment,,anthropic,,,,,20,month,MSA,2026-02-01,")
    build(warehouse, [FEBRUARY])
    assert charge_contract(warehouse, TODAY) == 2
    with warehouse.write() as connection:
        charges = read_table(connection, "main.contract_charge", "true ORDER BY period_from")
    assert charges.select("period_from", "base_usd", "due_usd", "charge_usd", "is_open", "note").rows() == [
        (date(2026, 2, 1), D("8.75"), 20, D("11.25"), False, "MSA"),
        (date(2026, 3, 1), 0, 20, 20, True, "MSA"),
    ]
    agree(warehouse)
    assert charge_contract(warehouse, TODAY) == 0


def test_a_price_in_another_currency_is_at_the_rate_of_each_day_and_without_one_nothing_is_guessed(warehouse):  # noqa: F811
    """8 EUR at 1.1 are 8.80 USD. The day before has no rate: the list cost of 10 is known, what is paid is not."""
    add_price(warehouse)
    before = MARCH - timedelta(days=1)
    for day in (before, MARCH):
        add_usage(warehouse, day, user_id="u")
    rates = warehouse.folder / "exchange_rates.csv"
    rates.write_text(f"date,currency,usd_per_unit,source\n{MARCH},EUR,1.1,ECB\n")
    (problem,) = agree(warehouse, f"price,,anthropic,,claude-x,,output,8 EUR,,,{before},{TODAY}")
    assert f"line 2: exchange_rates.csv has no rate of EUR for {before}" in problem.text
    build(warehouse, [before, MARCH])
    columns = "usage_date, list_cost_usd, effective_cost_usd, is_lower_bound"
    assert daily(warehouse, columns) == [(before, 10, None, True), (MARCH, 10, D("8.8"), False)]
    with warehouse.write() as connection:
        owners = read_table(connection, "main.cost_by_owner", "true ORDER BY usage_date")
    assert owners["effective_cost_usd"].to_list() == [None, D("8.8")]
    rates.write_text(f"date,currency,usd_per_unit,source\n{MARCH},EUR,1.1,ECB\n{before},EUR,1.2,ECB\n")
    assert prepare(warehouse, datetime(2026, 3, 21)).problems == []
    assert days_to_build(warehouse, TODAY) == [before, TODAY]
    build(warehouse, [before])
    assert daily(warehouse, columns)[0] == (before, 10, D("9.6"), False)


def test_a_commitment_in_another_currency_is_at_the_rates_in_force_and_open_without_them(warehouse):  # noqa: F811
    """10 USD of usage; 20 EUR at 1.1 are 22 USD, so 12 more in February. March has no rate: nobody knows."""
    add_price(warehouse)
    add_usage(warehouse, FEBRUARY)
    rates = "date,currency,usd_per_unit,source,valid_to\n2026-02-01,EUR,1.1,x,2026-03-01\n"
    (warehouse.folder / "exchange_rates.csv").write_text(rates)
    (problem,) = agree(warehouse, "commitment,,anthropic,,,,,20 EUR,month,MSA,2026-02-01,")
    assert "line 2: exchange_rates.csv has no rate of EUR for 2026-03-01" in problem.text
    build(warehouse, [FEBRUARY])
    charge_contract(warehouse, TODAY)
    with warehouse.write() as connection:
        charges = read_table(connection, "main.contract_charge", "true ORDER BY period_from")
    assert charges.select("currency", "agreed_local", "due_usd", "charge_usd").rows() == [
        ("EUR", 20, 22, 12),
        ("EUR", 20, None, None),
    ]
