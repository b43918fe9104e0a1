"""Terms of the contract that end: told before, and when nothing took their place."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest

from pipelines.alerts.contract_rules import contract_ended, contract_ending
from pipelines.schema.alerts import Alert
from pipelines.schema.columns import polars_schema
from pipelines.schema.contract import ContractCharge, ContractTerm

END = date(2026, 7, 1)
RAISED = datetime(2026, 6, 20, 6)
DISCOUNT = {
    "term_id": "t1", "kind": "discount", "provider": "openai", "model": "gpt-5-mini", "value": Decimal(40),
    "note": "order 7", "valid_from": date(2026, 1, 1), "valid_to": END, "known_from": RAISED, "basis": "contract",
}  # fmt: skip
COMMITMENT = DISCOUNT | {"term_id": "t2", "kind": "commitment", "model": None, "per": "term", "value": Decimal(1000)}
CHARGE = {
    "term_id": "t2", "kind": "commitment", "period_from": date(2026, 1, 1), "period_to": END,
    "base_usd": Decimal(700), "agreed_usd": Decimal(1000), "due_usd": Decimal(1000), "charge_usd": Decimal(300),
    "is_open": True, "usage_rows": 3,
}  # fmt: skip
SUCCESSOR = DISCOUNT | {"term_id": "t3", "value": Decimal(35), "valid_from": END, "valid_to": None}


def terms(*rows):
    return pl.DataFrame(rows, schema=polars_schema(ContractTerm))


def ending(*rows, days_left, charges=()):
    table = pl.DataFrame(charges, schema=polars_schema(ContractCharge))
    return Alert.validate(contract_ending(terms(*rows), table, END - timedelta(days=days_left), RAISED))


def ended(*rows, days_ago, paid=("t1",)):
    """What was paid by the term in its last 30 days: 60 USD of 100 at list."""
    sums = [{"term_id": one, "cost_usd": Decimal(100), "effective_cost_usd": Decimal(60)} for one in paid]
    money = dict.fromkeys(("cost_usd", "effective_cost_usd"), pl.Decimal(38, 12))
    table = pl.DataFrame(sums, schema={"term_id": pl.String()} | money)
    return Alert.validate(contract_ended(terms(*rows), table, END + timedelta(days=days_ago), RAISED))


@pytest.mark.parametrize(
    ("days_left", "severity"), [(31, []), (30, ["info"]), (8, ["info"]), (7, ["warning"]), (1, ["warning"]), (0, [])]
)
def test_an_end_is_told_at_its_thresholds(days_left, severity):
    assert ending(DISCOUNT, days_left=days_left)["severity"].to_list() == severity


def test_each_threshold_is_an_alert_of_the_same_subject():
    found = [ending(DISCOUNT, days_left=days) for days in (30, 8, 7, 2)]
    ids = [one["alert_id"].item() for one in found]
    assert ids[0] == ids[1] != ids[2] == ids[3]
    assert len({one["subject"].item() for one in found}) == 1
    assert found[0]["title"].item() == (
        "discount of 40 % for openai gpt-5-mini ends: last day 2026-06-30, days left: 30"
    )


def test_a_commitment_says_what_falls_due_all_the_same():
    (row,) = ending(COMMITMENT, days_left=7, charges=[CHARGE]).to_dicts()
    assert row["body"].splitlines()[:2] == [
        "used since 2026-01-01: 700.00 USD of 1,000.00 USD",
        "falls due all the same: 300.00 USD",
    ]


def test_amounts_in_another_currency_are_told_in_it_and_what_is_not_known_is_said():
    euros = {"value": None, "currency": "EUR", "local_value": Decimal(900)}
    (row,) = ending(COMMITMENT | euros, days_left=7, charges=[CHARGE]).to_dicts()
    assert row["title"].startswith("commitment of 900 EUR a term for openai ends")
    open_charge = CHARGE | dict.fromkeys(("agreed_usd", "due_usd", "charge_usd")) | {"currency": "EUR"}
    (row,) = ending(COMMITMENT | euros, days_left=7, charges=[open_charge]).to_dicts()
    unknown = "what is left is not known: exchange_rates.csv lacks a rate of its days"
    assert row["body"].splitlines()[:2] == ["used since 2026-01-01: 700.00 USD", unknown]
    credit = COMMITMENT | euros | {"kind": "credit", "per": None}
    drawn = open_charge | {"kind": "credit", "agreed_local": Decimal(900), "charge_local": Decimal("-150.5")}
    (row,) = ending(credit, days_left=7, charges=[drawn]).to_dicts()
    assert row["body"].splitlines()[0] == "credit not used yet: 749.50 EUR"
    (row,) = ending(credit, days_left=7, charges=[drawn | {"charge_local": None}]).to_dicts()
    assert row["body"].splitlines()[0] == unknown


def test_a_term_that_ended_says_what_its_usage_costs_more():
    (row,) = ended(DISCOUNT, days_ago=0).to_dicts()
    assert row["title"] == (
        "discount of 40 % for openai gpt-5-mini has ended on 2026-07-01; 40.00 USD a month more at list"
    )
    assert (row["severity"], row["usd_per_month_effect"]) == ("warning", Decimal(40))
    assert "note: order 7" in row["body"]


@pytest.mark.parametrize(
    ("rows", "days_ago", "paid", "is_told"),
    [
        ([DISCOUNT], -1, ("t1",), False),
        ([DISCOUNT], 29, ("t1",), True),
        ([DISCOUNT], 30, ("t1",), False),
        ([DISCOUNT], 0, (), False),
        ([COMMITMENT], 0, (), True),
        ([DISCOUNT, SUCCESSOR], 0, ("t1",), False),
        ([DISCOUNT, SUCCESSOR | {"valid_from": END + timedelta(days=1)}], 0, ("t1",), True),
        ([DISCOUNT, SUCCESSOR | {"model": "gpt-5"}], 0, ("t1",), True),
        ([DISCOUNT | {"valid_to": None}], 0, ("t1",), False),
    ],
    ids=["not yet", "a month", "old", "unused", "a sum", "followed", "a gap", "of another model", "open"],
)
def test_an_end_is_told_while_nothing_follows(rows, days_ago, paid, is_told):
    assert bool(ended(*rows, days_ago=days_ago, paid=paid).height) == is_told
    if rows == [DISCOUNT, SUCCESSOR]:
        assert ending(*rows, days_left=7).is_empty()
