"""From a ledger to main.what_if and the answers of what-if, exposure and stage budgets: priced, published, read."""

import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from io import StringIO

import pytest
from rich.console import Console

from pipelines.cli.views.what_if import print_what_if
from pipelines.costs.price_ledger import price_days
from pipelines.costs.quote import Question, quote
from pipelines.costs.reprice import Target
from pipelines.decisions import (
    answer_break_even,
    answer_exposure,
    answer_hidden_cost,
    answer_what_if,
    logged_hidden_cost,
)
from pipelines.decisions.answer_savings import answer_savings
from pipelines.decisions.answer_stage_budget import BudgetQuestion, answer_stage_budget
from pipelines.decisions.decide import break_even_on, claim_check_on, decide_days, one_table, what_if_on
from pipelines.decisions.decide_spend import forecast_on
from pipelines.decisions.logged_savings import answer_logged_savings
from pipelines.decisions.scenario import Scenario
from pipelines.decisions.what_if_question import WhatIfQuestion
from pipelines.schema.claims import ClaimCheck
from pipelines.schema.what_if import WhatIf
from pipelines.snapshots.prepare_run import prepare
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.published import PublishedWarehouse
from pipelines.warehouse.rows import read_table
from tests.unit.costs.test_price_ledger import add_price, add_usage

DAYS = (date(2026, 3, 19), date(2026, 3, 20))
AFTER = date(2026, 3, 21)
OTHER = Target("anthropic", "api", "global", "other")


@pytest.fixture
def warehouse(tmp_path):
    """Two days of a call each, of 1,000 in (600 of them cached) and 100 out; another model at half the price."""
    made = Warehouse(tmp_path)
    prepare(made, datetime(2026, 1, 1))
    for meter, usd in {"input_uncached": "3", "cache_read": "0.3", "output": "15"}.items():
        add_price(made, meter=meter, usd_per_unit=Decimal(usd), price_id=meter)
        half = Decimal(usd) / 2
        add_price(made, meter=meter, usd_per_unit=half, price_id=f"o-{meter}", model="other")
    for number, day in enumerate(DAYS):
        add_usage(
            made,
            day,
            100,
            str(number),
            usage_at=datetime.combine(day, datetime.min.time()) + timedelta(hours=10),
            input_uncached_tokens=400,
            cache_read_tokens=600,
            conversation_id="c",
            project_id=f"p{number}",
            feature="tag" if number else "write",
        )
    assert price_days(made, DAYS) == 2
    return made


def question(**differences):
    given = {"day": AFTER, "first": date(2026, 3, 1), "until": AFTER, "target": OTHER}
    return WhatIfQuestion(**{**given, **differences})


def test_what_if_of_the_ledger(warehouse):
    """A call: 400 * 3 + 600 * 0.3 + 100 * 15 = 2,880 millionths, half there; cold once 600 * (1.5 - 0.15)."""
    warehouse.publish()
    published = PublishedWarehouse(warehouse.folder)
    answer = answer_what_if.answer_logs(published, question())
    json.dumps(answer)
    (row,) = answer["rows"]
    assert (row["spent_usd"], row["same_usd"], row["low_usd"]) == ("0.00576", "0.00576", "0.00288")
    assert row["cold_cache_usd"] == "0.00081"
    assert (row["usage_rows"], answer["total"]["low_usd"]) == (2, "0.00288")
    assert row["price_ids"] == ["o-cache_read", "o-input_uncached", "o-output"]
    part = answer_what_if.answer_logs(published, question(where={"project_id": "p1"}))
    assert part["rows"][0]["spent_usd"] == "0.00288"
    assert answer_what_if.answer_logs(published, question(first=AFTER, until=AFTER)) is None
    assert answer_what_if.answer_logs(published, question(model="never-used")) is None
    with pytest.raises(ValueError, match="no usage of those days is in the slice"):
        answer_what_if.answer_logs(published, question(where={"project_id": "nobody"}))


def test_alternatives_come_from_the_users_file(warehouse):
    warehouse.publish()
    published = PublishedWarehouse(warehouse.folder)
    with pytest.raises(ValueError, match=r"task_classes\.csv"):
        answer_what_if.answer_logs(published, question(target=None))
    (warehouse.folder / "task_classes.csv").write_text("task_class,kind,id\nsmall,bogus,y\n")
    with pytest.raises(ValueError, match="line 2"):
        answer_what_if.answer_logs(published, question(target=None))
    lines = "small,alternative,other,anthropic,,\nsmall,feature,tag,,,\n"
    (warehouse.folder / "task_classes.csv").write_text(f"task_class,kind,id,provider,channel,service_tier\n{lines}")
    answer = answer_what_if.answer_logs(published, question(target=None))
    assert [(row["task_class"], row["low_usd"], row["is_cheapest"]) for row in answer["rows"]] == [
        ("small", "0.00144", True)
    ]


def test_the_tables_of_a_day(warehouse):
    what_if = one_table("main.what_if", what_if_on)
    assert decide_days(warehouse, what_if, [AFTER]).total() == 0  # one model is in use, so no other
    lines = "small,alternative,other,anthropic,,\nsmall,feature,tag,,,\n"
    (warehouse.folder / "task_classes.csv").write_text(f"task_class,kind,id,provider,channel,service_tier\n{lines}")
    assert decide_days(warehouse, what_if, [AFTER]).total() == 1
    assert decide_days(warehouse, one_table("main.claim_check", claim_check_on), [AFTER]).total() == 75
    with warehouse.write() as connection:
        (row,) = WhatIf.validate(read_table(connection, "main.what_if")).to_dicts()
        claims = ClaimCheck.validate(read_table(connection, "main.claim_check"))
    assert (row["basis"], row["target_usd"], row["change_usd"]) == (
        "task_classes",
        Decimal("0.00144"),
        Decimal("-0.00144"),
    )
    assert claims.filter(verdict="unknown").is_empty()


def test_exposure_of_the_ledger(warehouse):
    """Two days of 0.00288 in ten days: 0.01728 a month, of one vendor."""
    warehouse.publish()
    ask = answer_exposure.ExposureQuestion(AFTER, 10, {"tokens": 4400})
    answer = answer_exposure.answer_logs(PublishedWarehouse(warehouse.folder), ask)
    json.dumps(answer)
    found = {one["measure"]: one["value"] for one in answer["measures"]}
    assert found["share of anthropic"] == "1.0000"
    assert found["tokens in the busiest minute"] == "1100"
    assert found["share of the limit of tokens"] == "0.2500"
    assert found["tokens sent to third parties"] == "6600"
    assert found["spend on models with a known end"] is None
    assert found["dearest day over the median day"] is None  # most days cost nothing


def test_stages_at_the_mean_call_of_the_ledger(warehouse):
    """500 calls a day of 0.00288: 43.20 a month, half at the other."""
    warehouse.publish()
    ask = BudgetQuestion(AFTER, ("claude-x", "other"), (500,))
    rows = answer_stage_budget(PublishedWarehouse(warehouse.folder), ask, None, 10)["rows"]
    assert [(row["model"], row["usd_per_month_high"]) for row in rows] == [("other", "21.6"), ("claude-x", "43.2")]


def test_a_model_that_only_the_shipped_history_knows_costs_the_same_in_every_answer(warehouse):
    """gpt-4o then: 2.50 USD a million in, 10 out. A call of 1,000 and 100 is 0.0035, 150 of them 0.525."""
    warehouse.publish()
    published, day = PublishedWarehouse(warehouse.folder), date(2025, 12, 1)
    with warehouse.write() as connection:
        models = read_table(connection, "core.token_price")["model"].unique()
    assert "gpt-4o" not in models, "the history was never given to it"
    scenario = Scenario(
        name="s", model="gpt-4o", calls_per_day=Decimal(5), days_per_month=30, user_tokens=1000, output_tokens=100
    )
    tokens = {"input_uncached": 150_000, "output": 15_000}
    asked = Question("gpt-4o", tokens, datetime(2025, 12, 1, 12))
    stages = answer_stage_budget(published, BudgetQuestion(day, ("gpt-4o",), (5,)), scenario, None)
    answers = [
        quote(published, asked)["cost_usd"],
        answer_savings(published, scenario, day)["usd_per_month"],
        answer_hidden_cost.answer_scenario(published, scenario, day)["total_usd_per_month"],
        answer_what_if.answer_scenario(published, scenario, question(day=day, target=OTHER))["rows"][0]["same_usd"],
        stages["rows"][0]["usd_per_month_low"],
    ]
    assert answers == ["0.525"] * 5


def test_another_name_of_the_same_model_leaves_the_cache_warm(warehouse):
    """The provider is not said, and the date suffix names the snapshot of the same model."""
    warehouse.publish()
    published = PublishedWarehouse(warehouse.folder)
    for model in ("claude-x", "claude-x-20250514"):
        target = Target("unknown", "api", "global", model)
        (row,) = answer_what_if.answer_logs(published, question(target=target))["rows"]
        assert (row["low_usd"], row["cold_cache_usd"]) == ("0.00576", "0")


HEADER = "kind,account,provider,channel,model,service_tier,meter,value,per,note,valid_from,valid_to\n"


def contract(warehouse, *lines, header=HEADER):
    (warehouse.folder / "contract_prices.csv").write_text(header + "".join(f"{line}\n" for line in lines))
    # A model that only the contract has is told until its usage has a cost.
    told = [problem.text for problem in prepare(warehouse, datetime(2026, 3, 21)).problems]
    assert [text for text in told if "has the model 'private', so the line prices nothing yet" not in text] == []
    assert price_days(warehouse, DAYS) == 2
    warehouse.publish()
    return PublishedWarehouse(warehouse.folder)


def paid(row):
    return tuple(row[f"{name}_effective_usd"] for name in ("spent", "same", "low", "high", "cold_cache", "change_low"))


def test_a_target_costs_what_is_paid_for_it(warehouse):
    """Other at half of everything: 0.00288 at list. Its output at 5 instead of 7.5 takes 2 * 100 * 2.5 = 0.0005 off.

    What is used now has no term, so it is paid at list; a cache read there costs what the list says.
    """
    published = contract(warehouse, "price,,anthropic,,other,,output,5,,,,")
    (row,) = answer_what_if.answer_logs(published, question())["rows"]
    assert (row["low_usd"], row["change_low_usd"]) == ("0.00288", "-0.00288")
    assert paid(row) == ("0.00576", "0.00576", "0.00238", "0.00238", "0.00081", "-0.00338")
    # Without a provider the list says who sells it, and the term holds.
    (same,) = answer_what_if.answer_logs(published, question(target=OTHER._replace(provider="unknown")))["rows"]
    assert paid(same) == paid(row)


def test_terms_hold_on_the_day_asked_for_and_for_their_account(warehouse):
    """Ten percent off from 2026-03-21 on: not yet when it was used; and nothing of another account's."""
    published = contract(warehouse, "discount,,anthropic,,,,,10,,,2026-03-21,", "discount,org-b,,,,,,90,,,,")
    (row,) = answer_what_if.answer_logs(published, question())["rows"]
    assert paid(row)[:3] == ("0.00576", "0.005184", "0.002592")
    (before,) = answer_what_if.answer_logs(published, question(day=AFTER - timedelta(days=1)))["rows"]
    assert paid(before)[:3] == ("0.00576", "0.00576", "0.00288")


def test_bands_of_volume_are_those_that_the_usage_was_in(warehouse):
    """Output of claude-x at 15, of which 100 of 200 tokens are beyond the first band: 0.0015 at 15 and 0.0005 at 5.

    Nothing of the other one was used, so its first band is taken.
    """
    line = "price,,anthropic,,{},,output,{},,,,,graduated,{}"
    bands = [line.format("claude-x", 15, 0), line.format("claude-x", 5, 100)]
    bands += [line.format("other", 5, 0), line.format("other", 1, 50)]
    published = contract(warehouse, *bands, header=HEADER.replace("\n", ",volume,from_quantity\n"))
    (row,) = answer_what_if.answer_logs(published, question())["rows"]
    assert paid(row)[:3] == ("0.00476", "0.00476", "0.00238")


def test_break_even_takes_the_api_at_what_is_paid_and_says_what_it_is_at_list(warehouse):
    """A call of 1,100 tokens is 2,880 millionths at list and 2,160 less 25 %; org-b's term is none of its."""
    published = contract(warehouse, "discount,,anthropic,,claude-x,,,25,,,,", "discount,org-b,,,,,,90,,,,")
    answer = answer_break_even.answer_logs(published, 30, AFTER)
    best = answer["answers"][0]
    assert (best["usd_per_mtok"], best["list_usd_per_mtok"]) == ("1.963636", "2.618182")
    # Two calls are in the 30 days, and a month has 730 hours: 2,230 tokens.
    bills = {name: Decimal(best[f"own_{name}_usd_per_month"]) for name in ("api", "list")}
    by_hand = {name: Decimal(usd) * 2230 / 1100 / 1_000_000 for name, usd in (("api", 2160), ("list", 2880))}
    assert bills == {name: usd.quantize(Decimal("1e-12")) for name, usd in by_hand.items()}
    assert best["term_ids"]
    assert "at what you pay the API by your contract, 1.963636 USD per Mtok (at list 2.618182)" in best["answer"]
    by_way = {row["way"]: row for row in answer["curve"] if row["tokens_per_month"] == 1_000_000_000}
    assert Decimal(by_way["api"]["usd_per_month"]) == (Decimal("2160") / 1100 * 1000).quantize(Decimal("1e-12"))


def test_break_even_of_each_account_is_by_its_own_contract_and_without_one_at_list(warehouse):
    """One call of each of two accounts: half of the tokens at 10 % of the list price, 1,584 of 2 * 2,880 millionths."""
    add_usage(
        warehouse,
        DAYS[0],
        100,
        "0b",
        import_id="i2",
        account_id="org-b",
        input_uncached_tokens=400,
        cache_read_tokens=600,
        conversation_id="d",
    )
    published = contract(warehouse, "discount,org-b,,,,,,90,,,,")
    best = answer_break_even.answer_logs(published, 30, AFTER)["answers"][0]
    assert best["list_usd_per_mtok"] == "2.618182"
    assert Decimal(best["usd_per_mtok"]) == (Decimal(2 * 2880 + 288) / 3300).quantize(Decimal("1e-6"))
    (warehouse.folder / "contract_prices.csv").unlink()
    prepare(warehouse, datetime(2026, 3, 21))
    warehouse.publish()
    best = answer_break_even.answer_logs(PublishedWarehouse(warehouse.folder), 30, AFTER)["answers"][0]
    assert (best["usd_per_mtok"], best["term_ids"]) == ("2.618182", None)
    assert "contract" not in best["answer"]


def test_break_even_of_a_model_that_only_the_contract_has_a_price_for(warehouse):
    """All tokens at 1 USD per million by the contract; what it is at list is not known, and is said so."""
    usage = {"input_uncached_tokens": 400, "cache_read_tokens": 600, "conversation_id": "e", "model": "private"}
    add_usage(warehouse, DAYS[0], 100, "p", import_id="i3", **usage)
    lines = (f"price,,anthropic,,private,,{meter},1,,,," for meter in ("input_uncached", "cache_read", "output"))
    published = contract(warehouse, *lines)
    rows = answer_break_even.answer_logs(published, 30, AFTER)["answers"]
    best = next(row for row in rows if row["api_model"] == "private")
    assert (best["usd_per_mtok"], best.get("list_usd_per_mtok")) == ("1", None)
    assert "1.000000 USD per Mtok (no list has a price of it)" in best["answer"]


def test_what_only_the_contract_has_a_price_for_is_paid_and_has_no_list_price(warehouse):
    target = OTHER._replace(model="private", provider="anthropic")
    lines = (f"price,,anthropic,,private,,{meter},1,,,," for meter in ("input_uncached", "cache_read", "output"))
    published = contract(warehouse, *lines)
    (row,) = answer_what_if.answer_logs(published, question(target=target))["rows"]
    assert (row["low_usd"], row["low_effective_usd"]) == (None, "0.0022")  # 2 * 1,100 tokens at 1 USD
    assert row["is_cheapest"]


def test_the_terminal_shows_what_is_paid_below_a_list_price_where_it_is_another(warehouse):
    published = contract(warehouse, "discount,,anthropic,,claude-x,,,75,,,,")
    console = Console(record=True, width=200, file=StringIO(), force_terminal=True)
    print_what_if(console, answer_what_if.answer_logs(published, question()))
    cells = [line.split("│")[4:9] for line in console.export_text().splitlines() if line.startswith("│")]
    assert [[cell.strip() for cell in line] for line in cells] == [
        ["0.005760", "0.005760", "0.002880", "0.002880", "-0.002880"],
        ["0.001440", "0.001440", "", "", "0.001440"],
    ]


def test_the_cheapest_is_what_is_paid_least(warehouse):
    """A quarter of the list price for what is used now: the other one at half the list price is dearer."""
    published = contract(warehouse, "discount,,anthropic,,claude-x,,,75,,,,")
    (row,) = answer_what_if.answer_logs(published, question())["rows"]
    assert (row["change_low_usd"], row["change_low_effective_usd"]) == ("-0.00288", "0.00144")
    assert not row["is_cheapest"]


def test_slices_by_user_and_feature_have_an_effective_cost(warehouse):
    published = contract(warehouse, "discount,,anthropic,,,,,50,,,,")
    for where in ({"feature": "tag"}, {"feature": "tag", "project_id": "p1"}):
        answer = answer_what_if.answer_logs(published, question(where=where))
        assert paid(answer["rows"][0])[:3] == ("0.00144", "0.00144", "0.00072")
        assert answer["total"]["low_effective_usd"] == "0.00072"
        assert answer["total"]["spent_effective_usd"] == "0.00144"


def test_what_is_paid_stands_beside_list_prices(warehouse):
    """A quarter off claude-x: 0.00576 at list are 0.00432; a month of thirty days from ten is three times that."""
    line = "kind,account,provider,channel,model,service_tier,meter,value,per,note,valid_from,valid_to\n"
    (warehouse.folder / "contract_prices.csv").write_text(line + "discount,,anthropic,,claude-x,,,25%,,,,\n")
    assert prepare(warehouse, datetime(2026, 3, 21)).problems == []
    assert price_days(warehouse, DAYS) == 2
    warehouse.publish()
    published = PublishedWarehouse(warehouse.folder)
    whatif = answer_what_if.answer_logs(published, question())
    assert (whatif["rows"][0]["spent_usd"], whatif["rows"][0]["spent_effective_usd"]) == ("0.00576", "0.00432")
    assert whatif["total"]["spent_effective_usd"] == "0.00432"
    by_project = answer_what_if.answer_logs(published, question(where={"project_id": "p1"}))
    assert by_project["total"]["spent_effective_usd"] == "0.00216"
    by_feature = answer_what_if.answer_logs(published, question(where={"feature": "tag"}))
    assert by_feature["total"]["spent_effective_usd"] == "0.00216"
    hidden = logged_hidden_cost.answer_logs(published, 10, AFTER, "feature")
    assert (hidden["total_usd_per_month"], hidden["effective_usd_per_month"]) == ("0.01728", "0.01296")
    assert {row["owner"]: row["effective_usd_per_month"] for row in hidden["owners"]} == dict.fromkeys(
        ("tag", "write"), "0.00648"
    )
    savings = answer_logged_savings(published, 10, AFTER)
    assert (savings["usd_per_month"], savings["effective_usd_per_month"]) == ("0.01728", "0.01296")
    (contract,) = (row for row in savings["savings"] if row["lever"] == "contract_discount")
    assert (contract["usd_per_month"], contract["basis"]) == ("0.00432", "measured")
    assert all("at list prices" in answer["notes"][-1] for answer in (hidden, savings))
    with warehouse.write() as connection:
        forecast = forecast_on(connection, warehouse.folder, AFTER)["main.spend_forecast"].filter(
            scope="all", period="month"
        )
    (row,) = forecast.to_dicts()
    assert (row["spent_usd"], row["spent_effective_usd"]) == (Decimal("0.00576"), Decimal("0.00432"))
    assert row["projected_effective_usd"] == pytest.approx(row["projected_usd"] * Decimal("0.75"))


def test_break_even_asks_of_the_api_what_the_ledger_was_priced_at(warehouse):
    """Prompts from 900 tokens on cost three times as much; a short one of 100 tokens is logged beside the two long.

    Long: 2 * (400 * 9 + 600 * 0.9 + 100 * 45) = 17,280 millionths; short: 100 * 3 + 100 * 15 = 1,800.
    """
    for meter, usd in {"input_uncached": "3", "cache_read": "0.3", "output": "15"}.items():
        with warehouse.write() as connection:
            connection.execute("UPDATE core.token_price SET context_to = 900 WHERE price_id = $id", {"id": meter})
        add_price(warehouse, meter=meter, usd_per_unit=3 * Decimal(usd), price_id=f"long-{meter}", context_from=900)
    add_usage(warehouse, DAYS[1], 100, "short", usage_at=datetime(2026, 3, 20, 11), input_uncached_tokens=100)
    assert price_days(warehouse, DAYS) >= 1
    with warehouse.write() as connection:
        (priced,) = connection.execute("SELECT sum(cost_usd) FROM core.usage_cost").fetchone()
        row = break_even_on(connection, warehouse.folder, AFTER)["main.break_even"].row(0, named=True)
    assert priced == Decimal("0.01908")
    # The month that is paid for has 730 hours, the days that are logged count for 720; tokens are whole.
    per_token = Fraction(priced) / 2400
    assert row["own_tokens_per_month"] == 2400 * 730 // 720
    assert row["own_api_usd_per_month"] == pytest.approx(Decimal(float(per_token * row["own_tokens_per_month"])))
    assert {"long-output", "output"} <= set(row["price_ids"].split(","))
