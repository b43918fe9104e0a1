"""The export as a file, through the command line: what is in it, what is left out, what is refused."""

import csv
from datetime import date
from decimal import Decimal

import polars as pl
import pytest
from typer.testing import CliRunner

from pipelines.cli import main as cli
from pipelines.warehouse.database import Warehouse
from tests.unit.marts.mart_rows import COST, FETCH, NOW, PRICE, add, priced

TWO_DAYS = ("--from", "2026-03-09", "--to", "2026-03-10")


DUE = {
    "period_from": date(2026, 3, 1),
    "period_to": date(2026, 4, 1),
    "term_id": "vat",
    "kind": "tax",
    "base_usd": Decimal(30),
    "charge_usd": Decimal("5.7"),
    "is_open": False,
    "usage_rows": 3,
}


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    made = Warehouse(tmp_path_factory.mktemp("warehouse"))
    add(made, "raw.fetch", FETCH)
    # A price that was put right: two versions of one price_id, the later one is current.
    wrong = PRICE | {"price_id": "p1", "printed": "wrong", "known_to": NOW, "source": "old_source"}
    add(made, "core.token_price", wrong, PRICE | {"price_id": "p1", "known_from": NOW})
    million = {"usd_per_unit": Decimal(10), "cost_usd": Decimal(10)}
    add(
        made, "core.usage_cost",
        priced("p1", "10") | million,
        priced("p1", "10", usage_date=date(2026, 3, 10), project_id="p") | million,
        priced("p1", "10", usage_date=date(2026, 3, 11)) | million,
        COST | {"unpriced_reason": "unknown_model", "model": "gpt-unknown", "quantity": 77},
    )  # fmt: skip
    add(
        made,
        "main.contract_charge",
        DUE,
        DUE | {"term_id": "open", "is_open": True},
        DUE | {"term_id": "unrated", "kind": "commitment", "charge_usd": None, "currency": "EUR"},
    )
    made.publish()
    return made


def export(warehouse, *arguments):
    return CliRunner().invoke(cli.app, ["--warehouse", str(warehouse.folder), "export", "focus", *map(str, arguments)])


def test_a_csv_holds_the_charges_of_the_days_and_says_what_is_left_out(warehouse, tmp_path):
    file = tmp_path / "march.csv"
    result = export(warehouse, *TWO_DAYS, "--output", file)
    assert result.exit_code == 0, result.output
    assert "2 charges" in result.output
    assert "left out: 1 rows of usage without a price, 77 tokens or calls" in result.output
    with file.open() as opened:
        charges = list(csv.DictReader(opened))
    assert [charge["ChargePeriodStart"] for charge in charges] == ["2026-03-09T00:00:00Z", "2026-03-10T00:00:00Z"]
    assert [charge["SubAccountId"] for charge in charges] == ["", "p"]
    assert {charge["x_FetchUrl"] for charge in charges} == {"https://example.org/p"}
    assert {charge["x_Source"] for charge in charges} == {"openai_pricing"}
    assert [Decimal(charge["BilledCost"]) for charge in charges] == [10, 10]
    assert "e" not in charges[0]["BilledCost"].lower()


def test_what_the_contract_has_beside_usage_is_exported_when_its_period_is_over(warehouse, tmp_path):
    file = tmp_path / "march.csv"
    result = export(warehouse, "--from", "2026-03-01", "--to", "2026-03-31", "--output", file)
    with file.open() as opened:
        charges = list(csv.DictReader(opened))
    # Three days of usage of 10 USD, and the tax; that of a month that runs is left out and said.
    assert sum(Decimal(charge["BilledCost"]) for charge in charges) == Decimal("35.7")
    assert [charge["x_ContractTermId"] for charge in charges if charge["ChargeCategory"] == "Tax"] == ["vat"]
    assert "left out: 1 charges of the contract whose period is not over" in result.output
    assert "left out: 1 charges of the contract in a currency without a rate on some of their days" in result.output


def test_parquet_keeps_exact_amounts(warehouse, tmp_path):
    file = tmp_path / "march.parquet"
    assert export(warehouse, *TWO_DAYS, "--output", file, "--version", "1.2").exit_code == 0
    charges = pl.read_parquet(file)
    assert charges.schema["BilledCost"] == pl.Decimal(38, 12)
    assert charges["BilledCost"].sum() == Decimal(20)
    assert charges.schema["ChargePeriodStart"] == pl.Datetime("us", "UTC")


def test_days_without_usage_give_a_file_without_charges(warehouse, tmp_path):
    file = tmp_path / "empty.csv"
    result = export(warehouse, "--from", "2020-01-01", "--to", "2020-01-31", "--output", file)
    assert result.exit_code == 0
    assert "left out" not in result.output
    assert len(file.read_text().splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--from", "2026-03-10", "--to", "2026-03-09", "--output", "x.csv"), "is after the last"),
        ((*TWO_DAYS, "--output", "x.json"), "ends in .csv or .parquet"),
        ((*TWO_DAYS, "--output", "x.csv", "--version", "1.3"), "1.2, 1.4, 1.5-draft"),
        (("--from", "yesterday", "--to", "2026-03-09", "--output", "x.csv"), "does not match"),
    ],
    ids=["order", "suffix", "version", "day"],
)
def test_a_wrong_request_is_refused(warehouse, tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    result = export(warehouse, *arguments)
    assert result.exit_code == 2
    assert said in result.output
    assert list(tmp_path.iterdir()) == []


def test_a_plan_is_a_purchase_and_what_it_covers_is_not_billed(warehouse, tmp_path):
    """2 USD of the day's fee: usage of 10 USD under the plan bears them, and nothing is billed twice."""
    made = Warehouse(tmp_path / "w")
    add(made, "raw.fetch", FETCH)
    add(made, "core.token_price", PRICE | {"price_id": "p1"})
    million = {"usd_per_unit": Decimal(10), "cost_usd": Decimal(10)}
    add(
        made, "core.usage_cost",
        priced("p1", "10") | million,
        priced("p1", "10", plan_id="Max/user/ann") | million,
    )  # fmt: skip
    fee = {
        "plan_id": "Max/user/ann", "plan": "Max", "provider": "anthropic", "kind": "user", "id": "ann",
        "owner_seats": Decimal(1), "currency": "USD", "fee": Decimal(2), "usd_per_currency": Decimal(1),
    }  # fmt: skip
    foreign = {"plan_id": "M/user/b", "plan": "M", "id": "b", "currency": "EUR", "usd_per_currency": None}
    add(
        made, "core.plan_fee",
        fee | {"usage_date": date(2026, 3, 9), "fee_usd": Decimal(2)},
        fee | {"usage_date": date(2026, 3, 10), "fee_usd": Decimal(2)},
        fee | foreign | {"usage_date": date(2026, 3, 10), "fee_usd": None},
    )  # fmt: skip
    made.publish()
    file = tmp_path / "march.parquet"
    result = export(made, *TWO_DAYS, "--output", file)
    assert result.exit_code == 0, result.output
    assert "left out: 1 days of plan fees in a currency whose rate is not known" in result.output
    amounts = ("ChargeCategory", "x_PlanOwner", "ListCost", "BilledCost", "EffectiveCost")
    assert sorted(pl.read_parquet(file).select(amounts).rows(), key=str) == [
        ("Purchase", "user/ann", Decimal(2), Decimal(2), Decimal(0)),
        ("Purchase", "user/ann", Decimal(2), Decimal(2), Decimal(2)),
        ("Usage", "user/ann", Decimal(10), Decimal(0), Decimal(2)),
        ("Usage", None, Decimal(10), Decimal(10), Decimal(10)),
    ]


def test_list_prices_are_a_file_of_the_draft(warehouse, tmp_path):
    file = tmp_path / "prices.csv"
    command = ["--warehouse", str(warehouse.folder), "export", "sku-prices", "--output", str(file)]
    result = CliRunner().invoke(cli.app, command)
    assert (result.exit_code, "1 prices" in result.output) == (0, True), result.output
    with file.open() as opened:
        (price,) = csv.DictReader(opened)
    # The version that was put right is known no more; the price itself was learned with it.
    assert (price["x_Source"], Decimal(price["UnitPrice"])) == ("openai_pricing", 10)
    assert (price["SkuPriceCreated"], price["SkuPriceLastUpdated"]) == ("2026-03-01T06:00:00Z", "2026-03-10T06:00:00Z")
    assert CliRunner().invoke(cli.app, [*command[:-1], "prices.json"]).exit_code == 2
