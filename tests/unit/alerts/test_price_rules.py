"""One price move is one message; first snapshots are silent; hostile names are harmless."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest

from pipelines.alerts.price_rules import price_changed, price_held
from pipelines.schema.alerts import Alert

KNOWN = datetime(2026, 11, 21, 6, 0)
RAISED = datetime(2026, 11, 21, 6, 5)
PRICE = pl.Decimal(18, 6)
CHANGE_SCHEMA = {
    "kind": pl.String,
    "provider": pl.String,
    "model": pl.String,
    "meter": pl.String,
    "service_tier": pl.String,
    "unit": pl.String,
    "old_usd_per_unit": PRICE,
    "new_usd_per_unit": PRICE,
    "valid_from": pl.Datetime("us"),
    "known_from": pl.Datetime("us"),
    "source": pl.String,
    "url": pl.String,
    "price_id": pl.String,
    "usd_per_month_effect": pl.Decimal(38, 12),
    "is_first_snapshot": pl.Boolean,
    "is_whole_model": pl.Boolean,
}


def change(meter="output", old="2.00", new="1.50", **other):
    row = {
        "kind": "changed",
        "provider": "openai",
        "model": "gpt-5-mini",
        "meter": meter,
        "service_tier": "standard",
        "unit": "mtok",
        "old_usd_per_unit": None if old is None else Decimal(old),
        "new_usd_per_unit": None if new is None else Decimal(new),
        "valid_from": datetime(2026, 11, 20),
        "known_from": KNOWN,
        "source": "openai-pricing",
        "url": "https://example.org/pricing",
        "price_id": f"p-{meter}",
        "usd_per_month_effect": None,
        "is_first_snapshot": False,
        "is_whole_model": False,
    }
    return {**row, **other}


def raised(*rows):
    return price_changed(pl.DataFrame(list(rows), schema=CHANGE_SCHEMA), RAISED)


def test_meters_of_one_move_are_one_alert():
    alerts = raised(
        change("input_uncached", "0.25", "0.20", usd_per_month_effect=Decimal("-23.45")),
        change("output", usd_per_month_effect=Decimal(-100)),
        change("output", "1.00", "0.75", service_tier="batch"),
    )
    assert alerts.height == 1
    row = alerts.row(0, named=True)
    assert row["title"] == (
        "openai gpt-5-mini: output 2.00 -> 1.50 USD/Mtok (-25 %) and 2 more prices since 2026-11-20; "
        "about -123.45 USD a month for you"
    )
    assert row["body"].splitlines() == [
        "source: https://example.org/pricing",
        "output (batch) 1.00 -> 0.75 USD/Mtok (-25 %)",
        "input_uncached 0.25 -> 0.20 USD/Mtok (-20 %)",
        "output 2.00 -> 1.50 USD/Mtok (-25 %)",
    ]
    assert (row["old_value"], row["new_value"]) == ("2.00 USD/Mtok", "1.50 USD/Mtok")
    assert row["usd_per_month_effect"] == Decimal("-123.45")
    assert (row["alert_on"], row["severity"], row["evidence_id"]) == (date(2026, 11, 21), "info", "p-output")
    Alert.validate(alerts)


def test_same_rows_in_any_order_give_the_same_alerts():
    rows = [change("output"), change("input_uncached", "0.25", "0.20"), change("output", model="gpt-5")]
    assert raised(*rows).equals(raised(*reversed(rows)))


def test_second_move_of_the_day_is_told_too():
    later = KNOWN + timedelta(hours=6)
    alerts = raised(change(), change(old="1.50", new="2.00", known_from=later))
    assert alerts["alert_id"].n_unique() == 2
    assert set(alerts["severity"]) == {"info", "warning"}


def test_announced_price_says_from():
    alerts = raised(change(valid_from=datetime(2027, 1, 1)))
    assert alerts["title"].item() == "openai gpt-5-mini: output 2.00 -> 1.50 USD/Mtok (-25 %) from 2027-01-01"


@pytest.mark.parametrize(
    ("kind", "old", "new", "is_whole_model", "rule"),
    [
        ("new", None, "1.50", True, "model_new"),
        ("new", None, "1.50", False, "price_changed"),
        ("vanished", "1.50", None, True, "model_vanished"),
        ("vanished", "1.50", None, False, "price_changed"),
        ("returned", "1.50", "1.50", False, "price_changed"),
    ],
)
def test_a_model_is_new_or_vanished_only_as_a_whole(kind, old, new, is_whole_model, rule):
    alerts = raised(change(old=old, new=new, kind=kind, is_whole_model=is_whole_model))
    assert alerts["rule"].to_list() == [rule]
    Alert.validate(alerts)


def test_new_price_beside_a_changed_one_is_no_new_model():
    new = change("cache_read", None, "0.02", kind="new", is_whole_model=True)
    assert raised(new, change())["rule"].to_list() == ["price_changed"]


def test_first_snapshot_is_silent():
    row = change(old=None, kind="new", is_whole_model=True, is_first_snapshot=True)
    assert raised(row).is_empty()


@pytest.mark.parametrize(("models", "alerts_expected"), [(20, 20), (21, 1)])
def test_a_flood_of_new_models_is_one_alert(models, alerts_expected):
    rows = [change(old=None, kind="new", is_whole_model=True, model=f"m{n:02}") for n in range(models)]
    alerts = raised(*rows)
    assert alerts.height == alerts_expected
    if alerts_expected == 1:
        assert alerts["title"].item() == "openai-pricing: 21 new models"
        assert alerts["body"].item().splitlines()[-1] == "... and 1 more lines"


@pytest.mark.parametrize(
    "model", ["a\nBcc: x", "<!channel>", "@everyone", "m\u202e" * 50, "\x00" * 200, "x" * 200, "\u6a21" * 66]
)
def test_hostile_model_names_give_valid_harmless_alerts(model):
    alerts = raised(change(model=model))
    Alert.validate(alerts)
    for text in (alerts["title"].item(), *alerts["body"].item().splitlines()):
        assert "<" not in text
        assert "@everyone" not in text
        assert text.isprintable()


def hold(**other):
    row = {
        "hold_id": "h1",
        "source": "openai-pricing",
        "provider": "openai",
        "model": "gpt-5",
        "meter": "output",
        "service_tier": "standard",
        "old_usd_per_unit": Decimal(10),
        "new_usd_per_unit": Decimal("0.10"),
        "unit": "mtok",
        "first_seen_at": KNOWN,
        "fetch_id": "f1",
        "status": "open",
    }
    return {**row, **other}


def held(*rows):
    schema = {"old_usd_per_unit": PRICE, "new_usd_per_unit": PRICE}
    return price_held(pl.DataFrame(list(rows), schema_overrides=schema), RAISED)


def test_open_holds_of_one_fetch_are_one_alert_with_the_command():
    alerts = held(hold(), hold(hold_id="h2", model="gpt-5-mini"), hold(hold_id="h3", model="o3", status="confirmed"))
    row = alerts.row(0, named=True)
    assert alerts.height == 1
    assert row["title"] == (
        "openai-pricing: openai gpt-5 output 10.00 -> 0.10 USD/Mtok (-99 %) and 1 more price held until confirmed"
    )
    assert row["body"].splitlines()[0] == "accept with: costs sources accept openai-pricing"
    assert "gpt-5-mini" in row["body"]
    assert "o3" not in row["body"]
    assert (row["evidence_id"], row["model"]) == ("f1", None)
    Alert.validate(alerts)


def test_single_hold_names_its_model():
    assert held(hold()).select("provider", "model", "old_value", "new_value").row(0) == (
        "openai",
        "gpt-5",
        "10.00 USD/Mtok",
        "0.10 USD/Mtok",
    )
