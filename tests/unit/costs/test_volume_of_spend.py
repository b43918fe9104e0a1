"""Bands of volume by spend, in other currencies and over longer periods: worked by hand, whichever days are priced."""

from datetime import date
from decimal import Decimal

import pytest

from pipelines.costs import price_ledger
from pipelines.costs.price_ledger import days_to_build, price_days
from tests.unit.costs.test_price_ledger import TODAY, add_price, add_usage, build
from tests.unit.costs.test_volume_in_ledger import FIRST, SECOND, THIRD, agree, agreed, paid, prepared  # noqa: F401 - fixtures

D = Decimal
MILLION = 1_000_000
# Output of claude-x is 10 USD per million at list. Above 50 USD a month 5 % off.
SPEND = ["discount,,anthropic,,,,,0,,,,,graduated,0 USD", "discount,,anthropic,,,,,5,,,,,graduated,50 USD"]


def all_units(lines):
    return [line.replace("graduated", "all_units") for line in lines]


def state_rates(warehouse, *lines):
    header = "date,currency,usd_per_unit,source,valid_to\n"
    (warehouse.folder / "exchange_rates.csv").write_text(header + "".join(f"{line}\n" for line in lines))


def test_above_50_dollars_of_the_month_5_percent_off(agreed):  # noqa: F811
    """30 USD; then 40 USD, of which 20 at list and 20 less 5 %: 39; then 10 less 5 %: 9.50."""
    warehouse = agreed(*SPEND)
    for day, millions in ((FIRST, 3), (SECOND, 4), (THIRD, 1)):
        add_usage(warehouse, day, millions * MILLION)
    build(warehouse, [FIRST, SECOND, THIRD])
    assert paid(warehouse) == [(FIRST, 30), (SECOND, 39), (THIRD, D("9.5"))]
    assert paid(warehouse, "usage_date, sum(list_cost_usd)", "main.cost_daily GROUP BY ALL")[1] == (SECOND, 40)


def test_a_first_band_from_a_mere_0_is_of_the_scale_s_currency(agreed):  # noqa: F811
    warehouse = agreed(SPEND[0].replace("0 USD", "0"), SPEND[1].replace("USD", "usd"))
    add_usage(warehouse, FIRST, 6 * MILLION)
    build(warehouse, [FIRST])
    assert paid(warehouse) == [(FIRST, D("59.5"))]


def test_once_reached_all_of_the_month_is_5_percent_off(agreed):  # noqa: F811
    warehouse = agreed(*all_units(SPEND))
    add_usage(warehouse, FIRST, 3 * MILLION)
    build(warehouse, [FIRST])
    assert paid(warehouse) == [(FIRST, 30)]
    add_usage(warehouse, SECOND, 2 * MILLION)
    assert days_to_build(warehouse, TODAY) == [FIRST, SECOND, TODAY]
    build(warehouse, [FIRST, SECOND])
    assert paid(warehouse) == [(FIRST, D("28.5")), (SECOND, 19)]


def test_spend_is_of_all_meters_calls_too_and_every_owner_pays_the_same_mix(agreed):  # noqa: F811
    """40 USD of tokens and 4,000 searches at 10 USD a thousand: 80, of which 30 less 5 %: 78.50."""
    warehouse = agreed(*SPEND)
    add_price(warehouse, meter="web_searches", unit="thousand_calls", price_id="p2")
    add_usage(warehouse, FIRST, 4 * MILLION, usage_id="a", import_id="a", user_id="a")
    add_usage(warehouse, FIRST, 0, usage_id="b", import_id="b", user_id="b", web_searches=4_000)
    build(warehouse, [FIRST])
    assert paid(warehouse, "sum(effective_cost_usd)") == [(D("78.5"),)]
    assert paid(warehouse, "user_id, effective_cost_usd", "main.cost_by_owner") == [
        ("a", D("39.25")),
        ("b", D("39.25")),
    ]


def test_late_usage_of_a_quarter_prices_its_later_days_again_and_no_other(agreed):  # noqa: F811
    warehouse = agreed(*(line.replace(",,,,,grad", ",quarter,,,,grad") for line in SPEND))
    days = [date(2026, 1, 5), date(2026, 2, 5), date(2026, 3, 5), date(2026, 4, 5)]
    for day in days:
        add_usage(warehouse, day, 2 * MILLION)
    build(warehouse, days)
    assert [amount for _, amount in paid(warehouse)] == [20, 20, D("19.5"), 20]
    add_usage(warehouse, days[1], 3 * MILLION, usage_id="late", import_id="i2")
    today = date(2026, 4, 6)
    assert days_to_build(warehouse, today) == [days[1], days[2], today]
    build(warehouse, days[1:3])
    assert [amount for _, amount in paid(warehouse)] == [20, 49, 19, 20]


def test_spend_in_euros_is_counted_at_the_rate_of_each_day(agreed):  # noqa: F811
    """30 USD at 1.20 are 25 EUR. 40 USD at 1.00 are 40 EUR: 25 up to the 50, and 15 less 5 %: 25 + 14.25."""
    warehouse = agreed()
    state_rates(warehouse, f"{FIRST},EUR,1.2,x,", f"{SECOND},EUR,1,x,")
    agree(warehouse, *(line.replace("USD", "EUR") for line in SPEND))
    add_usage(warehouse, FIRST, 3 * MILLION)
    add_usage(warehouse, SECOND, 4 * MILLION)
    build(warehouse, [SECOND, FIRST])
    assert paid(warehouse) == [(FIRST, 30), (SECOND, D("39.25"))]


def test_a_day_without_a_rate_leaves_the_days_open_that_count_on_from_it(agreed):  # noqa: F811
    warehouse = agreed()
    rates = (f"{FIRST},EUR,1,x,", f"{THIRD},EUR,1,x,")
    state_rates(warehouse, *rates)
    agree(warehouse, *(line.replace("USD", "EUR") for line in SPEND))
    for day in (FIRST, SECOND, THIRD):
        add_usage(warehouse, day, 4 * MILLION, user_id="u")
    build(warehouse, [FIRST, SECOND, THIRD])
    open_days = [(FIRST, 40, False), (SECOND, None, True), (THIRD, None, True)]
    columns = "usage_date, effective_cost_usd, is_lower_bound"
    assert paid(warehouse, columns) == open_days
    assert paid(warehouse, columns, "main.cost_by_owner")[1:] == [(day, None, False) for day in (SECOND, THIRD)]
    state_rates(warehouse, *rates, f"{SECOND},EUR,2,x,")
    agree(warehouse, *(line.replace("USD", "EUR") for line in SPEND))
    assert days_to_build(warehouse, TODAY) == [SECOND, THIRD, TODAY]
    build(warehouse, [SECOND, THIRD])
    # 40 EUR; then 20 EUR, half of it below 50; then all above it.
    assert paid(warehouse) == [(FIRST, 40), (SECOND, 39), (THIRD, 38)]


def test_prices_of_bands_in_euros_go_on_counting_when_the_rate_changes(agreed):  # noqa: F811
    """600,000 at 10 EUR of 1.10 are 6.60. Then 400,000 at 10 EUR of 1.20 and 200,000 at 8 EUR: 4.80 + 1.92."""
    warehouse = agreed()
    state_rates(warehouse, f"{FIRST},EUR,1.1,x,", f"{SECOND},EUR,1.2,x,")
    band = "price,,anthropic,,claude-x,,output,{} EUR,,,2026-03-01,2026-03-05,graduated,{}"
    agree(warehouse, band.format(10, 0), band.format(8, MILLION))
    for day in (FIRST, SECOND, THIRD):
        add_usage(warehouse, day, 600_000, user_id="u")
    build(warehouse, [FIRST, SECOND, THIRD])
    assert paid(warehouse) == [(FIRST, D("6.6")), (SECOND, D("6.72")), (THIRD, None)]
    assert paid(warehouse, "usage_date, effective_cost_usd", "main.cost_by_owner") == paid(warehouse)


@pytest.mark.parametrize(("kind", "unit"), [("graduated", "EUR"), ("all_units", "USD")])
def test_days_alone_out_of_order_and_in_batches_have_equal_digits_and_owners_add_up(
    agreed,  # noqa: F811
    monkeypatch,
    kind,
    unit,
):
    """Awkward counts, rates and prices; four days of two months of one quarter, several owners and accounts."""
    warehouse = agreed()
    days = [date(2026, 2, 27), date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 2)]
    state_rates(warehouse, *(f"{day},EUR,1.0{n}37{n}1,x," for n, day in enumerate(days)))
    bands = [(0, 0), ("3.7", 17), ("9.1", 41)]
    lines = [f"discount,,anthropic,,,,,{off},quarter,,,,{kind},{edge} {unit}" for off, edge in bands]
    agree(warehouse, *lines)
    add_price(warehouse, meter="input_uncached", usd_per_unit=D("1.234567"), price_id="p2")
    for number, day in enumerate(days):
        for owner in range(3):
            who = {"user_id": f"u{owner}", "project_id": f"p{owner % 2}", "account_id": f"a{owner // 2}"}
            counts = {"tokens": 400_003 + 7_919 * number + owner, "input_uncached_tokens": 333_331 * (owner + 1)}
            add_usage(warehouse, day, usage_id=f"{day}{owner}", import_id=f"i{owner}", **counts, **who)
    every = "usage_date, account_id, project_id, meter, term_id, quantity, effective_cost_usd"
    by_owner = "usage_date, user_id, effective_cost_usd"
    price_days(warehouse, days)
    together = paid(warehouse, every, "core.usage_cost"), paid(warehouse, by_owner, "main.cost_by_owner")
    assert len({row[4] for row in together[0]}) == (6 if kind == "graduated" else 1)
    sums = "usage_date, account_id, project_id, sum(effective_cost_usd)"
    owners = paid(warehouse, sums, "main.cost_by_owner GROUP BY ALL")
    assert owners == paid(warehouse, sums, "core.usage_cost GROUP BY ALL")
    forget = "DELETE FROM core.cost_fingerprint"
    with warehouse.write() as connection:
        connection.execute(forget)
    for day in (days[2], days[0], days[3], days[1]):
        price_days(warehouse, [day])
    assert (paid(warehouse, every, "core.usage_cost"), paid(warehouse, by_owner, "main.cost_by_owner")) == together
    with warehouse.write() as connection:
        connection.execute(forget)
        connection.execute("DELETE FROM core.usage_cost")
    monkeypatch.setattr(price_ledger, "BATCH_ROWS", 1)
    price_days(warehouse, days)
    assert (paid(warehouse, every, "core.usage_cost"), paid(warehouse, by_owner, "main.cost_by_owner")) == together
    assert price_days(warehouse, days) == 0
