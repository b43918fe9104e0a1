"""From a ledger to the answers of both commands: priced, published, and read again."""

import json
import shutil
from datetime import date, datetime
from decimal import Decimal

import pytest

from pipelines.costs.price_ledger import price_days
from pipelines.decisions.decide import decide_days, one_table, saving_on
from pipelines.decisions.logged_hidden_cost import answer_logs
from pipelines.decisions.logged_savings import answer_logged_savings
from pipelines.snapshots.prepare_run import prepare
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.published import PublishedWarehouse, WarehouseError
from pipelines.warehouse.rows import read_table
from pipelines.warehouse.write_ahead_log import checkpoint
from tests.unit.costs.test_price_ledger import add_price, add_usage

DAY = date(2026, 3, 20)
PROMPTS = [1420, 1790, 2160, 2530, 2900, 3270, 3640, 4010]


@pytest.fixture
def warehouse(tmp_path):
    """Golden case N09 as a log of one project, and a call of another that names no conversation."""
    made = Warehouse(tmp_path)
    prepare(made, datetime(2026, 1, 1))
    prices = {"input_uncached": "3", "cache_read": "0.3", "output": "15"}
    for meter, usd in prices.items():
        add_price(made, meter=meter, usd_per_unit=Decimal(usd), price_id=meter)
        add_price(made, meter=meter, usd_per_unit=Decimal(usd) / 2, price_id=f"b-{meter}", service_tier="batch")
    for number, prompt in enumerate(PROMPTS):
        add_usage(
            made,
            DAY,
            250,
            str(number),
            usage_at=datetime(2026, 3, 20, 10, number),
            input_uncached_tokens=prompt,
            conversation_id="c",
            project_id="p1",
        )
    add_usage(made, DAY, 1000, "alone", of_which_reasoning_tokens=400, project_id="p2")
    assert price_days(made, [DAY]) == 1
    return made


def test_the_table_holds_the_parts_of_the_priced_ledger(warehouse):
    with warehouse.write() as connection:
        hidden = read_table(connection, "main.hidden_cost")
        costs = read_table(connection, "core.usage_cost")
    assert hidden["cost_usd"].sum() == costs["cost_usd"].sum()
    rows = {row["project_id"]: row for row in hidden.to_dicts()}
    assert (rows["p1"]["history_usd"], rows["p2"]["history_usd"]) == (Decimal("0.03108"), None)
    assert (rows["p1"]["reasoning_usd"], rows["p2"]["reasoning_usd"]) == (None, Decimal("0.006"))


def test_the_answer_of_ten_days_is_scaled_to_a_month(warehouse):
    warehouse.publish()
    answer = answer_logs(PublishedWarehouse(warehouse.folder), 10, date(2026, 3, 21), "project_id")
    json.dumps(answer)
    parts = {part["part"]: part for part in answer["parts"]}
    assert answer["total_usd_per_month"] == "0.33048"  # 3 * (0.09516 + 0.015)
    assert parts["history"]["usd_per_month"] == "0.09324"
    assert parts["reasoning"]["usd_per_month"] == "0.018"
    assert parts["system"]["usd_per_month"] is None
    assert "logs count a prompt whole" in parts["system"]["reason"]
    assert [owner["owner"] for owner in answer["owners"]] == ["p1", "p2"]
    assert any("8 of 9 calls" in note for note in answer["notes"])
    assert sum(Decimal(part["usd_per_month"]) for part in answer["parts"] if part["usd_per_month"]) == Decimal(
        answer["total_usd_per_month"]
    )


def test_no_usage_before_the_day_and_no_such_owner(warehouse):
    warehouse.publish()
    published = PublishedWarehouse(warehouse.folder)
    assert answer_logs(published, 10, DAY, None) is None
    assert answer_logged_savings(published, 10, DAY) is None
    with pytest.raises(ValueError, match="--by mood: write one of account_id, team"):
        answer_logs(published, 10, DAY, "mood")


def test_savings_of_the_same_logs(warehouse):
    assert decide_days(warehouse, one_table("main.saving", saving_on), [date(2026, 3, 21)]).total() == 10
    warehouse.publish()
    answer = answer_logged_savings(PublishedWarehouse(warehouse.folder), 30, date(2026, 3, 21))
    json.dumps(answer)
    rows = {row["lever"]: row for row in answer["savings"]}
    # Half of all: (0.09516 + 0.015) / 2
    assert rows["batch_left"]["usd_per_month"] == "0.05508"
    # The prompts of turns 1 to 7, sent once more by the turn after: 17,710 * (3 - 0.30)
    assert rows["prompt_caching_left"]["usd_per_month"] == "0.047817"
    assert rows["cache_misses"]["usd_per_month"] == "0"
    assert rows["smaller_model"]["usd_per_month"] is None


def test_what_the_user_says_of_the_calls(warehouse):
    """A month of 0.11016 USD; 21,720 tokens in at 1 and 3,000 out at 5 for the smaller model are 0.03672."""
    for meter, usd in (("input_uncached", "1"), ("output", "5")):
        add_price(warehouse, model="claude-s", meter=meter, usd_per_unit=Decimal(usd), price_id=f"s-{meter}")
    warehouse.publish()
    stated = {name: Decimal("0.5") for name in ("batch_share", "repeat_share", "discount_share", "smaller_share")}
    published = PublishedWarehouse(warehouse.folder)
    answer = answer_logged_savings(published, 30, date(2026, 3, 21), stated, "claude-s")
    rows = {row["lever"]: row for row in answer["savings"]}
    assert rows["smaller_model"]["usd_per_month"] == "0.03672"
    assert rows["response_cache"]["usd_per_month"] == rows["contract_discount"]["usd_per_month"] == "0.05508"
    assert rows["batch_left"]["usd_per_month"] == "0.02754"
    assert rows["batch_left"]["reason"] == "if 0.5 of the calls can wait"
    with pytest.raises(ValueError, match="no price: claude-none"):
        answer_logged_savings(published, 30, date(2026, 3, 21), {}, "claude-none")


def test_a_file_of_an_older_program_is_told(warehouse):
    warehouse.publish()
    with warehouse.write() as connection:
        connection.execute("DROP TABLE main.hidden_cost")
    # The published file of before had no such table.
    checkpoint(warehouse.build_file)
    shutil.copyfile(warehouse.build_file, warehouse.published_file)
    with pytest.raises(WarehouseError, match="`costs build` makes main"):
        answer_logs(PublishedWarehouse(warehouse.folder), 10, date(2026, 3, 21), None)
