"""Which days are priced again: those whose usage or prices changed, and no others."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest

from pipelines.costs import price_ledger
from pipelines.costs.price_ledger import days_to_build, price_days, usage_left_out
from pipelines.schema.columns import polars_schema
from pipelines.schema.token_prices import TokenPrice
from pipelines.snapshots.prepare_run import prepare
from pipelines.usage.contract import usage_frame
from pipelines.usage.dedup import largest_per_usage
from pipelines.usage.store_reported_costs import store_reported_costs
from pipelines.warehouse import ledger
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.marts import build_mart, marts
from pipelines.warehouse.rows import append, read_table, scalar
from tests.unit.costs.reported_rows import line, reported

FEBRUARY, MARCH = date(2026, 2, 10), date(2026, 3, 20)
TODAY = date(2026, 3, 21)
PRICE = {
    "provider": "anthropic",
    "channel": "api",
    "region": "global",
    "model": "claude-x",
    "meter": "output",
    "service_tier": "standard",
    "context_from": 0,
    "time_window": "always",
    "unit": "mtok",
    "usd_per_unit": Decimal(10),
    "currency": "USD",
    "printed": "$10",
    "basis": "printed",
    "valid_from": datetime(2026, 1, 1),
    "known_from": datetime(2026, 1, 1),
    "is_listed": True,
    "source": "anthropic_pricing",
    "fetch_id": "f1",
    "price_id": "p1",
}


@pytest.fixture
def warehouse(tmp_path):
    made = Warehouse(tmp_path)
    prepare(made, datetime(2026, 1, 1))
    return made


def add_usage(warehouse, day, tokens=1_000_000, usage_id=None, **differences):
    row = {
        "usage_id": usage_id or f"{day}",
        "usage_at": datetime(day.year, day.month, day.day, 10),
        "grain": "request",
        "provider": "anthropic",
        "channel": "api",
        "region": "global",
        "model": "claude-x",
        "service_tier": "standard",
        "output_tokens": tokens,
        "format": "claude_code",
        "import_id": "i1",
        "source_line": 1,
    } | differences
    with warehouse.write() as connection:
        files = ledger.write(
            warehouse.folder, read_table(connection, "core.ledger_file"), usage_frame([row]), largest_per_usage
        ).files
        days = files["usage_date"].to_list()
        connection.execute("DELETE FROM core.ledger_file WHERE usage_date IN (SELECT unnest($days))", {"days": days})
        append(connection, "core.ledger_file", files)


def add_price(warehouse, **differences):
    with warehouse.write() as connection:
        append(connection, "core.token_price", pl.DataFrame([PRICE | differences], schema=polars_schema(TokenPrice)))


def end_price(warehouse, price_id, valid_to, known_at):
    """Learn that a price has an end: the old version is no longer current, its shortened twin is."""
    with warehouse.write() as connection:
        connection.execute(
            "UPDATE core.token_price SET known_to = $at WHERE price_id = $id", {"at": known_at, "id": price_id}
        )
    add_price(warehouse, price_id=price_id, valid_to=valid_to, known_from=known_at)


def build(warehouse, days):
    """What a run does with the days: price, then the marts. Returns the number of days priced."""
    priced = price_days(warehouse, days)
    for mart in marts():
        build_mart(warehouse, mart, days)
    return priced


def costs(warehouse):
    with warehouse.write() as connection:
        rows = connection.execute("SELECT usage_date, cost_usd, unpriced_reason FROM core.usage_cost ORDER BY ALL")
        return rows.fetchall()


def test_each_day_is_priced_once(warehouse):
    add_price(warehouse)
    add_usage(warehouse, FEBRUARY)
    add_usage(warehouse, MARCH, tokens=500_000)
    assert days_to_build(warehouse, TODAY) == [FEBRUARY, MARCH, TODAY]
    assert build(warehouse, [FEBRUARY, MARCH, TODAY]) == 2
    assert costs(warehouse) == [(FEBRUARY, Decimal(10), None), (MARCH, Decimal(5), None)]
    assert days_to_build(warehouse, TODAY) == [TODAY]
    assert build(warehouse, [FEBRUARY, MARCH, TODAY]) == 0


def test_days_that_are_not_asked_for_stay_as_they_are(warehouse):
    add_price(warehouse)
    add_usage(warehouse, FEBRUARY)
    add_usage(warehouse, MARCH)
    assert build(warehouse, [MARCH]) == 1
    assert [day for day, *_ in costs(warehouse)] == [MARCH]
    assert days_to_build(warehouse, TODAY) == [FEBRUARY, TODAY]


def test_new_usage_makes_its_own_day_stale_and_no_other(warehouse):
    add_price(warehouse)
    add_usage(warehouse, FEBRUARY)
    add_usage(warehouse, MARCH)
    build(warehouse, [FEBRUARY, MARCH])
    add_usage(warehouse, MARCH, tokens=2_000_000, usage_id="second")
    assert days_to_build(warehouse, TODAY) == [MARCH, TODAY]
    assert build(warehouse, [FEBRUARY, MARCH]) == 1
    assert costs(warehouse) == [(FEBRUARY, Decimal(10), None), (MARCH, Decimal(30), None)]


def test_a_price_change_today_leaves_last_month_alone(warehouse):
    """Today's usage at 10:00 came after the change at 9:00; February has nothing to do with it."""
    add_price(warehouse)
    add_usage(warehouse, FEBRUARY)
    add_usage(warehouse, TODAY)
    build(warehouse, [FEBRUARY, TODAY])
    nine = datetime(2026, 3, 21, 9)
    end_price(warehouse, "p1", nine, nine)
    add_price(warehouse, price_id="p2", valid_from=nine, known_from=nine, usd_per_unit=Decimal(12))
    assert days_to_build(warehouse, TODAY + timedelta(days=1)) == [TODAY, TODAY + timedelta(days=1)]
    assert build(warehouse, [FEBRUARY, TODAY]) == 1
    assert costs(warehouse) == [(FEBRUARY, Decimal(10), None), (TODAY, Decimal(12), None)]


def test_a_correction_of_the_past_prices_the_past_again(warehouse):
    add_price(warehouse)
    add_usage(warehouse, FEBRUARY)
    build(warehouse, [FEBRUARY])
    with warehouse.write() as connection:
        connection.execute("UPDATE core.token_price SET known_to = TIMESTAMP '2026-03-01'")
    add_price(warehouse, price_id="p2", known_from=datetime(2026, 3, 1), usd_per_unit=Decimal(7))
    assert days_to_build(warehouse, TODAY) == [FEBRUARY, TODAY]
    build(warehouse, [FEBRUARY])
    assert costs(warehouse) == [(FEBRUARY, Decimal(7), None)]


def test_unpriced_days_are_priced_once_an_earlier_price_is_loaded(warehouse):
    march_first = datetime(2026, 3, 1)
    add_price(warehouse, valid_from=march_first, known_from=march_first)
    add_usage(warehouse, FEBRUARY)
    add_usage(warehouse, MARCH)
    assert build(warehouse, [FEBRUARY, MARCH]) == 2
    assert costs(warehouse) == [(FEBRUARY, None, "before_first_price"), (MARCH, Decimal(10), None)]
    assert days_to_build(warehouse, TODAY) == [TODAY], "no price is a result too"
    add_price(warehouse, price_id="p0", valid_to=march_first, known_from=datetime(2026, 3, 20), usd_per_unit=Decimal(8))
    assert days_to_build(warehouse, TODAY) == [FEBRUARY, TODAY]
    assert build(warehouse, [FEBRUARY, MARCH]) == 1
    assert costs(warehouse) == [(FEBRUARY, Decimal(8), None), (MARCH, Decimal(10), None)]
    assert build(warehouse, [FEBRUARY, MARCH]) == 0


def test_the_reason_for_no_price_follows_what_is_known(warehouse):
    """A later price is no price for February, yet it turns an unknown model into one that was priced too late."""
    add_usage(warehouse, FEBRUARY)
    build(warehouse, [FEBRUARY])
    assert costs(warehouse) == [(FEBRUARY, None, "unknown_model")]
    add_price(warehouse, valid_from=datetime(2026, 3, 1), known_from=datetime(2026, 3, 1))
    assert days_to_build(warehouse, TODAY) == [FEBRUARY, TODAY]
    build(warehouse, [FEBRUARY])
    assert costs(warehouse) == [(FEBRUARY, None, "before_first_price")]


def test_a_fetch_that_no_health_report_covers_makes_its_day_stale(warehouse):
    row = {"fetch_id": "f", "source": "litellm", "url": "https://example.org", "origin": "live", "outcome": "failed"}
    with warehouse.write() as connection:
        append(connection, "raw.fetch", pl.DataFrame([row | {"fetched_at": datetime(2026, 3, 19, 6)}]).with_columns(
            pl.lit(None, pl.Int64).alias("status"),
            *(pl.lit(None, pl.String).alias(n) for n in ("sha256", "archive_path", "etag", "last_modified", "error")),
            pl.lit(None, pl.Int64).alias("size_bytes"),
        ))  # fmt: skip
    assert days_to_build(warehouse, TODAY) == [date(2026, 3, 19), TODAY]


def test_more_days_than_one_batch_holds(warehouse, monkeypatch):
    monkeypatch.setattr(price_ledger, "BATCH_ROWS", 2)
    add_price(warehouse)
    days = [FEBRUARY + timedelta(days=number) for number in range(5)]
    for day in days:
        add_usage(warehouse, day)
    assert build(warehouse, days) == len(days)
    with warehouse.write() as connection:
        assert scalar(connection, "SELECT sum(cost_usd) FROM core.usage_cost") == 10 * len(days)
        assert read_table(connection, "core.cost_fingerprint")["usage_date"].sort().to_list() == days


def test_what_ends_between_two_batches_leaves_whole_days_that_are_priced_again(warehouse, monkeypatch):
    add_price(warehouse)
    days = [FEBRUARY + timedelta(days=number) for number in range(3)]
    for day in days:
        add_usage(warehouse, day)
    real, asked = price_ledger.price_by_day, []

    def ends_at_the_second(usage, *rest):
        asked.append(list(usage))
        if len(asked) == 2:
            raise KeyboardInterrupt
        return real(usage, *rest)

    monkeypatch.setattr(price_ledger, "BATCH_ROWS", 2)
    monkeypatch.setattr(price_ledger, "price_by_day", ends_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        price_days(warehouse, days)
    assert asked == [days[:2], days[2:]]
    with warehouse.write() as connection:
        assert read_table(connection, "core.usage_cost")["usage_date"].unique().sort().to_list() == days[:2]
        assert read_table(connection, "core.cost_fingerprint").is_empty()
    assert build(warehouse, days) == 3
    with warehouse.write() as connection:
        assert scalar(connection, "SELECT sum(cost_usd) FROM core.usage_cost") == 30


@pytest.mark.parametrize("missing", ["cost_daily", "cost_unpriced", "source_health"])
def test_a_run_that_ends_before_a_mart_is_finished_by_the_next(warehouse, missing):
    add_price(warehouse)
    add_usage(warehouse, FEBRUARY)
    add_usage(warehouse, FEBRUARY, usage_id="unknown", model="claude-unknown")
    price_days(warehouse, [FEBRUARY])
    for mart in marts():
        if mart.table.name != missing:
            build_mart(warehouse, mart, [FEBRUARY])
    assert days_to_build(warehouse, TODAY) == [FEBRUARY, TODAY]
    assert build(warehouse, [FEBRUARY, TODAY]) == 0
    with warehouse.write() as connection:
        assert read_table(connection, "main.cost_daily")["cost_usd"].to_list() == [10]
        assert read_table(connection, "main.cost_unpriced")["model"].to_list() == ["claude-unknown"]
    assert days_to_build(warehouse, TODAY) == [TODAY]


def test_a_day_that_is_priced_again_loses_its_marts_until_they_are_built_again(warehouse):
    add_price(warehouse)
    add_usage(warehouse, FEBRUARY)
    build(warehouse, [FEBRUARY])
    add_usage(warehouse, FEBRUARY, usage_id="more")
    price_days(warehouse, [FEBRUARY])
    with warehouse.write() as connection:
        assert read_table(connection, "main.cost_daily").is_empty()
    assert days_to_build(warehouse, TODAY) == [FEBRUARY, TODAY]
    build(warehouse, [FEBRUARY])
    with warehouse.write() as connection:
        assert read_table(connection, "main.cost_daily")["cost_usd"].to_list() == [20]


def test_usage_that_a_larger_report_states_too_is_not_priced_and_is_shown(warehouse):
    add_price(warehouse)
    add_usage(warehouse, MARCH, tokens=400_000)
    bucket = {"grain": "bucket", "usage_until": datetime(2026, 3, 20, 11), "grouping": "project_id"}
    add_usage(warehouse, MARCH, usage_id="bucket", **bucket)
    assert build(warehouse, [MARCH]) == 1
    assert costs(warehouse) == [(MARCH, Decimal(10), None)]
    with warehouse.write() as connection:
        overlaps = read_table(connection, "main.usage_overlap")
    assert overlaps.select("report", "tokens", "counted_report", "counted_tokens").rows() == [
        ("requests", 400_000, "claude_code, 1 h, project_id", 1_000_000)
    ]


def test_a_reported_cost_builds_its_day_again_also_without_usage(warehouse):
    add_price(warehouse)
    add_usage(warehouse, MARCH)
    build(warehouse, [MARCH])
    bill = {"provider": "anthropic", "model": "claude-x"}
    with warehouse.write() as connection:
        for day, usd in ((MARCH, "9.00"), (FEBRUARY, "3.00")):
            start = datetime(day.year, day.month, day.day)
            times = {"usage_date": day, "starts_at": start, "ends_at": start + timedelta(days=1)}
            assert store_reported_costs(connection, reported(line(usd, **bill, **times))) == [day]
    assert days_to_build(warehouse, TODAY) == [FEBRUARY, MARCH, TODAY]
    assert build(warehouse, [FEBRUARY, MARCH]) == 2
    with warehouse.write() as connection:
        gaps = read_table(connection, "main.cost_reconciliation", "true ORDER BY usage_date")
    assert gaps.select("usage_date", "model", "computed_usd", "reported_usd", "gap_usd").rows() == [
        (FEBRUARY, "claude-x", None, Decimal(3), Decimal(-3)),
        (MARCH, "claude-x", Decimal(10), Decimal(9), Decimal(1)),
    ]
    assert days_to_build(warehouse, TODAY) == [TODAY]


def test_a_run_that_ended_before_the_reconciliation_is_seen_to_be_unfinished(warehouse):
    add_price(warehouse)
    add_usage(warehouse, MARCH)
    price_days(warehouse, [MARCH])
    for mart in marts():
        if mart.table.name != "cost_reconciliation":
            build_mart(warehouse, mart, [MARCH])
    assert days_to_build(warehouse, TODAY) == [MARCH, TODAY]


def test_a_day_of_bills_alone_is_compared(warehouse):
    times = {"usage_date": MARCH, "starts_at": datetime(2026, 3, 20), "ends_at": datetime(2026, 3, 21)}
    with warehouse.write() as connection:
        store_reported_costs(connection, reported(line("9.00", provider="anthropic", model="claude-x", **times)))
    assert price_days(warehouse, [MARCH]) == 1
    with warehouse.write() as connection:
        found = read_table(connection, "core.cost_comparison").select("usage_date", "computed_usd", "billed_usd")
    assert found.rows() == [(MARCH, None, Decimal(9))]


def test_a_day_that_lost_its_last_row_costs_nothing(warehouse):
    add_price(warehouse)
    add_usage(warehouse, MARCH, usage_id="u", usage_at=datetime(2026, 3, 20, 23, 59))
    assert price_days(warehouse, [MARCH]) == 1
    later = date(2026, 3, 21)
    add_usage(warehouse, later, tokens=2_000_000, usage_id="u", usage_at=datetime(2026, 3, 21))
    assert price_days(warehouse, [MARCH, later]) == 2
    assert costs(warehouse) == [(later, Decimal(20), None)]


BUCKET = {"grain": "bucket", "usage_until": datetime(2026, 3, 20, 11), "grouping": "", "usage_id": "bucket"}


def test_what_is_left_out_is_told_with_its_dollars_before_anything_is_built(warehouse):
    """400,000 of 1,400,000 tokens at 10 USD per million: 4 USD."""
    add_price(warehouse)
    add_usage(warehouse, MARCH)
    add_usage(warehouse, MARCH, tokens=400_000, **BUCKET)
    told = usage_left_out(warehouse, [FEBRUARY, MARCH])
    assert told == [("default", "claude_code, 1 h, ", MARCH, MARCH, 400_000, Decimal(4))]
    build(warehouse, [MARCH])
    with warehouse.write() as connection:
        overlap = read_table(connection, "main.usage_overlap")
    assert overlap.select("left_out_usd", "counted_report").rows() == [(Decimal(4), "requests")]


def test_what_is_left_out_and_has_no_price_is_told_without_dollars(warehouse):
    add_usage(warehouse, MARCH)
    add_usage(warehouse, MARCH, tokens=400_000, **BUCKET)
    assert [one.usd for one in usage_left_out(warehouse, [MARCH])] == [None]


def test_two_accounts_cost_what_each_does_alone(warehouse):
    """1,000,000 and 625,000 tokens at 10 USD per million: 10 and 6.25 USD, where the smaller was left out."""
    add_price(warehouse)
    add_usage(warehouse, MARCH, account_id="team-a", import_id="i@team-a")
    add_usage(warehouse, MARCH, tokens=625_000, **BUCKET, account_id="team-b", import_id="i@team-b")
    build(warehouse, [MARCH])
    assert usage_left_out(warehouse, [MARCH]) == []
    with warehouse.write() as connection:
        daily = read_table(connection, "main.cost_daily", "true ORDER BY account_id")
    assert daily.select("account_id", "channel", "region", "cost_usd").rows() == [
        ("team-a", "api", "global", Decimal(10)),
        ("team-b", "api", "global", Decimal("6.25")),
    ]


def test_a_line_in_the_file_of_owners_prices_all_days_again(warehouse):
    add_price(warehouse)
    add_usage(warehouse, FEBRUARY, user_id="ann")
    add_usage(warehouse, MARCH, user_id="ann")
    assert build(warehouse, [FEBRUARY, MARCH]) == 2
    file = warehouse.folder / "owners.csv"
    file.write_text("kind,id,team,cost_center,valid_from,valid_to\nuser,ann,search,4711,2026-03-01,\n")
    assert build(warehouse, [FEBRUARY, MARCH]) == 2
    with warehouse.write() as connection:
        owners = read_table(connection, "main.cost_by_owner", "true ORDER BY usage_date")
    assert owners.select("usage_date", "user_id", "team", "cost_center", "mapped_by", "cost_usd").rows() == [
        (FEBRUARY, "ann", None, None, None, Decimal(10)),
        (MARCH, "ann", "search", "4711", "user", Decimal(10)),
    ]
