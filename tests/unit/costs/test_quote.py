"""A quote of one request: the warehouse's own prices before the shipped ones, evidence for each line, no guesses."""

from datetime import datetime
from decimal import Decimal

import polars as pl
import pytest

from pipelines.costs.quote import Question, quote
from pipelines.schema.columns import polars_schema
from pipelines.schema.contract import ContractTerm
from pipelines.snapshots.seed_history import seed_price_history
from pipelines.snapshots.shipped_prices import shipped_versions
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import append
from tests.unit.costs.contract_rows import volume_terms

NOW = datetime(2026, 11, 24, 12)
MTOK = 1_000_000


def asked(warehouse, model, at=NOW, **about):
    return quote(warehouse, Question(model, {"input_uncached": MTOK}, at, **about))


@pytest.fixture
def unused(tmp_path):
    return Warehouse(tmp_path / "unused")


@pytest.fixture
def published(tmp_path):
    """A warehouse whose page of OpenAI says since yesterday that gpt-4o costs 1 USD, as it never did."""
    warehouse = Warehouse(tmp_path)
    seed_price_history(warehouse)
    yesterday = datetime(2026, 11, 23)
    known = shipped_versions().filter(
        pl.col("valid_to").is_null(), channel="api", model="gpt-4o", meter="input_uncached", service_tier="standard"
    )
    own = known.with_columns(
        source=pl.lit("openai_pricing"), price_id=pl.lit("own"), valid_from=yesterday, known_from=yesterday,
        usd_per_unit=pl.lit(1).cast(pl.Decimal(18, 6)),
    )  # fmt: skip
    with warehouse.write() as connection:
        append(connection, "core.token_price", own)
    warehouse.publish()
    return warehouse


def test_a_line_says_which_version_of_which_page_it_rests_on(unused):
    answer = asked(unused, "gpt-4o")
    (line,) = answer["lines"]
    assert (answer["cost_usd"], line["usd_per_unit"], line["quantity"]) == ("2.5", "2.5", MTOK)
    assert line["source"] == "price_history"
    assert line["page"].startswith("https://")
    assert line["listed_as"] == {"provider": "openai", "channel": "api", "region": "global", "model": "gpt-4o"}
    assert not unused.folder.exists()


def test_a_warehouse_answers_with_its_own_prices_and_with_the_shipped_ones_before_them(published):
    assert asked(published, "gpt-4o")["cost_usd"] == "1"
    assert asked(published, "gpt-4o", at=datetime(2026, 11, 22))["cost_usd"] == "2.5"


def test_an_account_pays_what_its_contract_says(published):
    """A list price of 1 USD; 20 % off for all at OpenAI, for team-a 0.7 USD; before its day no term holds."""
    term = {"basis": "contract", "known_from": NOW, "provider": "openai", "valid_from": NOW.date()}
    terms = [
        term | {"term_id": "a", "kind": "discount", "value": Decimal(20)},
        term | {"term_id": "b", "kind": "price", "value": Decimal("0.7"), "account_id": "team-a", "model": "gpt-4o"},
    ]
    with published.write() as connection:
        append(connection, "core.contract_term", pl.DataFrame(terms, schema=polars_schema(ContractTerm)))
    published.publish()
    for account, paid, by in (("team-a", "0.7", "b"), ("team-b", "0.8", "a")):
        answer = asked(published, "gpt-4o", account=account)
        (line,) = answer["lines"]
        assert (answer["cost_usd"], answer["effective_cost_usd"], line["term_id"]) == ("1", paid, by)
    assert asked(published, "gpt-4o", at=datetime(2026, 11, 23, 12), account="team-a")["effective_cost_usd"] == "1"
    assert "effective_cost_usd" not in asked(published, "gpt-4o")


def test_a_quote_is_in_the_first_band_of_volume_and_tells_the_others(published):
    line = "price,,openai,,gpt-4o-mini,,input_uncached"
    terms = volume_terms(*(f"{line},{usd},,,,,graduated,{at}" for usd, at in (("0.1", 0), ("0.05", 10**9))))
    with published.write() as connection:
        append(connection, "core.contract_term", terms.with_columns(known_from=pl.lit(NOW), known_to=None))
    published.publish()
    answer = asked(published, "gpt-4o-mini", account="team-a")
    assert answer["effective_cost_usd"] == "0.1"
    assert [(band["from_quantity"], band["value"]) for band in answer["volume_bands"]] == [(0, "0.1"), (10**9, "0.05")]


def test_without_a_contract_or_a_price_nothing_is_made_up(unused):
    assert asked(unused, "gpt-4o", account="team-a")["effective_cost_usd"] == "2.5"
    assert asked(unused, "no-such-model", account="team-a")["effective_cost_usd"] is None


def test_an_answer_is_exact_to_the_last_digit(unused):
    answer = quote(unused, Question("gpt-4o", {"input_uncached": 1, "output": 3, "cache_read": 7}, NOW))
    parts = [Decimal(line["cost_usd"]) for line in answer["lines"]]
    expected = (Decimal("2.5") + 3 * Decimal(10) + 7 * Decimal("1.25")) / MTOK
    assert Decimal(answer["cost_usd"]) == sum(parts) == expected
    assert "E" not in answer["cost_usd"]


def test_the_provider_may_be_named_as_people_name_it(unused):
    for provider in (None, "openai", "OpenAI"):
        assert asked(unused, "gpt-4o", provider=provider)["cost_usd"] == "2.5"
    assert asked(unused, "gpt-4o", provider="anthropic")["reason"] == "unknown_model"


def test_an_unknown_id_gets_names_that_look_like_it_and_no_price(unused):
    answer = asked(unused, "claude-sonet-4-5", provider="anthropic")
    assert (answer["cost_usd"], answer["reason"]) == (None, "unknown_model")
    assert "claude-sonnet-4-5" in answer["nearest"]


def test_an_unpriced_meter_leaves_no_total(unused):
    answer = quote(unused, Question("gpt-4o", {"input_uncached": MTOK, "cache_write_1h": 5}, NOW))
    assert (answer["cost_usd"], answer["reason"]) == (None, "no_price_for_meter")
    assert {line["meter"]: line["cost_usd"] for line in answer["lines"]} == {
        "input_uncached": "2.5",
        "cache_write_1h": None,
    }


def test_a_moment_before_the_first_price_is_told_with_the_first_day(unused):
    answer = asked(unused, "gpt-5", at=datetime(2024, 1, 1))
    assert answer["reason"] == "before_first_price"
    assert answer["lines"][0]["first_price_on"] == "2025-08-07"


def test_what_was_known_then_is_another_question(unused):
    rise = datetime(2026, 9, 1)
    assert asked(unused, "claude-sonnet-5", at=rise)["cost_usd"] == "2"
    assert asked(unused, "claude-sonnet-5", at=rise, known_at=datetime(2026, 7, 15))["cost_usd"] == "3"
    assert asked(unused, "gpt-4o", known_at=datetime(2020, 1, 1))["reason"] == "unknown_model"
