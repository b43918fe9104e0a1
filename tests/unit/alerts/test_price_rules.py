"""One price move is one message; first snapshots are silent; hostile names are harmless."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest

from pipelines.alerts.price_rules import price_changed, price_held
from pipelines.schema.alerts import Alert
from pipelines.schema.columns import polars_schema
from pipelines.schema.costs import PriceChange
from pipelines.schema.holds import PriceHold
from pipelines.schema.token_prices import TokenPrice

KNOWN = datetime(2026, 11, 21, 6, 0)
RAISED = datetime(2026, 11, 21, 6, 5)


def change(meter="output", old="2.00", new="1.50", **other):
    row = {
        "kind": "changed",
        "provider": "openai",
        "channel": "api",
        "region": "global",
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
        "usd_correction": None,
        "is_announced": False,
        "is_first_snapshot": False,
        "context_from": 0,
        "time_window": "always",
        "changed_on": KNOWN.date(),
        "fetch_id": "f1",
    }
    return {**row, **other}


def version(known_from, known_to=None, valid_to=None, is_listed=True):
    row = {"source": "openai-pricing", "provider": "openai", "channel": "api", "model": "gpt-5-mini"}
    return {**row, "known_from": known_from, "known_to": known_to, "valid_to": valid_to, "is_listed": is_listed}


EARLIER = KNOWN - timedelta(days=30)
OLD_MODEL = (version(EARLIER),)
NEW_MODEL = (version(KNOWN),)
GONE_MODEL = (version(EARLIER, known_to=KNOWN), version(KNOWN, valid_to=KNOWN), version(KNOWN, is_listed=False))


def raised(*rows, prices=OLD_MODEL):
    changes = pl.DataFrame(list(rows), schema=polars_schema(PriceChange))
    return price_changed(changes, pl.DataFrame(list(prices), schema=polars_schema(TokenPrice)), RAISED)


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
    alerts = raised(
        change(
            usd_per_month_effect=Decimal(1),
        ),
        change(usd_per_month_effect=Decimal(1), old="1.50", new="2.00", known_from=later),
    )
    assert alerts["alert_id"].n_unique() == 2
    assert set(alerts["severity"]) == {"info", "warning"}


def test_announced_price_says_from():
    alerts = raised(change(valid_from=datetime(2027, 1, 1)))
    assert alerts["title"].item() == "openai gpt-5-mini: output 2.00 -> 1.50 USD/Mtok (-25 %) from 2027-01-01"


@pytest.mark.parametrize(
    ("kind", "old", "prices", "rule", "words"),
    [
        ("new", None, NEW_MODEL, "model_new", "new model, output new at 1.50 USD/Mtok"),
        ("new", None, OLD_MODEL, "price_changed", "output new at 1.50 USD/Mtok"),
        (
            "vanished",
            "1.50",
            GONE_MODEL,
            "model_vanished",
            "model no longer on the price page, output no longer printed, stays at 1.50 USD/Mtok",
        ),
        (
            "vanished",
            "1.50",
            (*GONE_MODEL, version(EARLIER)),
            "price_changed",
            "output no longer printed, stays at 1.50 USD/Mtok",
        ),
        ("returned", "1.50", OLD_MODEL, "price_changed", "output printed again at 1.50 USD/Mtok"),
    ],
)
def test_a_model_is_new_or_vanished_only_as_a_whole(kind, old, prices, rule, words):
    alerts = raised(change(old=old, kind=kind), prices=prices)
    assert alerts.select("rule", "title").row(0) == (rule, f"openai gpt-5-mini: {words} since 2026-11-20")
    Alert.validate(alerts)


def test_what_happens_later_does_not_change_the_alert():
    later = version(KNOWN + timedelta(hours=9))
    before = raised(change(old="1.50", kind="vanished"), prices=GONE_MODEL)
    assert before.equals(raised(change(old="1.50", kind="vanished"), prices=(*GONE_MODEL, later)))


def test_new_price_beside_a_changed_one_is_no_new_model():
    new = change("cache_read", None, "0.02", kind="new")
    assert raised(new, change(), prices=NEW_MODEL)["rule"].to_list() == ["price_changed"]


def test_tier_and_prompt_size_are_named():
    alerts = raised(change(service_tier="batch", context_from=200_000))
    assert "output (batch, prompts from 200,000 tokens) 2.00 -> 1.50 USD/Mtok (-25 %)" in alerts["title"].item()


def test_channel_region_and_hours_are_named():
    alerts = raised(
        change(channel="bedrock", region="eu", time_window="mon-fri 01:00-04:00"),
        change("input_uncached", "0.25", "0.20"),
    )
    assert alerts["title"].to_list() == [
        "openai gpt-5-mini: input_uncached 0.25 -> 0.20 USD/Mtok (-20 %) since 2026-11-20",
        "openai gpt-5-mini on bedrock: output (eu, mon-fri 01:00-04:00) 2.00 -> 1.50 USD/Mtok (-25 %) since 2026-11-20",
    ]
    assert alerts["alert_id"].n_unique() == 2


def test_a_model_is_new_on_a_channel():
    on_azure = {**version(KNOWN), "channel": "azure"}
    alerts = raised(change(old=None, kind="new", channel="azure"), prices=(*OLD_MODEL, on_azure))
    assert alerts.select("rule", "title").row(0) == (
        "model_new",
        "openai gpt-5-mini on azure: new model, output new at 1.50 USD/Mtok since 2026-11-20",
    )


def test_a_correction_says_what_it_does_to_the_past():
    corrected = {"kind": "corrected", "valid_from": datetime(2026, 3, 1)}
    alerts = raised(
        change(old="10", new="12.5", usd_correction=Decimal("3.75"), usd_per_month_effect=Decimal(1), **corrected),
        change("input_uncached", "1", "1.2", usd_correction=Decimal("0.25"), **corrected),
    )
    row = alerts.row(0, named=True)
    assert row["title"] == (
        "openai gpt-5-mini: output corrected 10.00 -> 12.50 USD/Mtok (+25 %) and 1 more price since 2026-03-01; "
        "past cost changes by +4.00 USD"
    )
    assert (row["severity"], row["rule"], row["usd_per_month_effect"]) == ("warning", "price_changed", Decimal(1))
    assert "input_uncached corrected 1.00 -> 1.20 USD/Mtok (+20 %)" in row["body"].splitlines()


@pytest.mark.parametrize(
    ("correction", "words"), [(None, ""), (Decimal(0), "; no effect on past cost"), (Decimal("-0.5"), "-0.50 USD")]
)
def test_a_correction_without_usage_has_no_effect(correction, words):
    title = raised(change(kind="corrected", usd_correction=correction))["title"].item()
    assert title.startswith("openai gpt-5-mini: output corrected 2.00 -> 1.50 USD/Mtok (-25 %) since 2026-11-20")
    assert title.endswith(words or "2026-11-20")


def test_a_cancelled_announcement_is_a_sentence_of_its_own():
    rise = {"kind": "announced_cancelled", "valid_from": datetime(2027, 1, 1), "is_announced": True}
    alerts = raised(change(old="15", new="10", usd_per_month_effect=Decimal(-15), **rise))
    row = alerts.row(0, named=True)
    assert row["title"] == (
        "openai gpt-5-mini: output 15.00 USD/Mtok announced from 2027-01-01 is cancelled, 10.00 holds instead; "
        "about -15.00 USD a month against what was announced"
    )
    assert (row["old_value"], row["new_value"], row["severity"]) == ("15.00 USD/Mtok", "10.00 USD/Mtok", "info")
    nothing = raised(change(old="15", new=None, **rise)).row(0, named=True)
    assert nothing["title"] == "openai gpt-5-mini: output 15.00 USD/Mtok announced from 2027-01-01 is cancelled"
    assert nothing["new_value"] is None
    Alert.validate(alerts)


def test_a_postponed_rise_is_one_alert_that_costs_nothing_more():
    known = {"valid_from": datetime(2027, 1, 1), "kind": "announced_cancelled", "is_announced": True}
    alerts = raised(
        change(old="15", new="10", usd_per_month_effect=Decimal(-15), price_id="p1", **known),
        change(old="10", new="15", usd_per_month_effect=Decimal(15), price_id="p2", valid_from=datetime(2027, 2, 1)),
    )
    assert alerts.height == 1
    assert alerts["title"].item().endswith("and 1 more price from 2027-02-01; no effect on your usage")
    assert len(alerts["body"].item().splitlines()) == 3


def test_first_snapshot_is_silent():
    assert raised(change(old=None, kind="new", is_first_snapshot=True), prices=NEW_MODEL).is_empty()


@pytest.mark.parametrize(("models", "alerts_expected"), [(5, 5), (6, 1), (21, 1)])
def test_a_flood_of_new_models_is_one_alert(models, alerts_expected):
    names = [f"m{n:02}" for n in range(models)]
    prices = [{**version(KNOWN), "model": name} for name in names]
    alerts = raised(*(change(old=None, kind="new", model=name) for name in names), prices=prices)
    assert alerts.height == alerts_expected
    if models == 21:
        assert alerts["title"].item() == "openai-pricing: 21 new models; none of them with cost here"
        assert alerts["body"].item().splitlines()[-1] == "... and 1 more lines"


def test_of_many_repriced_models_the_used_one_is_told_by_itself():
    used = {"model": "m3", "new": "4.00", "usd_per_month_effect": Decimal(7)}
    moves = [change(**({"model": f"m{n}", "new": "2.50"} | (used if n == 3 else {}))) for n in range(8)]
    prices = [{**version(EARLIER), "model": f"m{n}"} for n in range(8)]
    alerts = {row["model"]: row for row in raised(*moves, prices=prices).to_dicts()}
    assert set(alerts) == {"m3", None}
    assert (alerts["m3"]["severity"], alerts[None]["severity"]) == ("warning", "info")
    title = "openai-pricing: 7 models repriced, 7 of them dearer; none of them with cost here"
    assert alerts[None]["title"] == title


@pytest.mark.parametrize(("effect", "severity"), [(None, "info"), (Decimal(0), "warning")])
def test_a_model_that_vanishes_is_a_warning_where_it_is_used(effect, severity):
    gone = change(old="1.50", kind="vanished", usd_per_month_effect=effect)
    assert raised(gone, prices=GONE_MODEL)["severity"].to_list() == [severity]


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
        "book": "token_price",
        "source": "openai-pricing",
        "price_key": "openai|api|global|gpt-5|output|standard|0",
        "old_amount": Decimal(10),
        "new_amount": Decimal("0.10"),
        "currency": "USD",
        "first_seen_at": KNOWN,
        "fetch_id": "f1",
        "status": "open",
        "resolved_at": None,
        "resolution": None,
    }
    return {**row, **other}


def test_a_held_rate_is_told_in_the_currency_that_is_printed():
    rate = hold(book="gpu_rate", source="scaleway_rates", price_key="scaleway|vm|H100-1-80G", currency="EUR")
    row = price_held(pl.DataFrame([rate], schema=polars_schema(PriceHold)), RAISED).row(0, named=True)
    assert row["title"] == "scaleway_rates: scaleway vm H100-1-80G 10.00 -> 0.10 EUR (-99 %) held until confirmed"
    assert (row["old_value"], row["new_value"]) == ("10.00 EUR", "0.10 EUR")


def test_open_holds_of_one_fetch_are_one_alert_with_the_command():
    mini = hold(hold_id="h2", price_key="openai|api|global|gpt-5-mini|output|standard|0")
    done = hold(hold_id="h3", price_key="openai|api|global|o3|output|standard|0", status="confirmed")
    alerts = price_held(pl.DataFrame([mini, done, hold()], schema=polars_schema(PriceHold)), RAISED)
    row = alerts.row(0, named=True)
    assert alerts.height == 1
    assert row["title"] == (
        "openai-pricing: openai api global gpt-5-mini output standard 0 10.00 -> 0.10 USD (-99 %) and 1 more price "
        "held until confirmed"
    )
    assert row["body"].splitlines()[0] == "accept with: costs sources accept openai-pricing"
    assert "openai api global gpt-5 output standard 0 10.00 -> 0.10 USD (-99 %)" in row["body"].splitlines()
    assert "o3" not in row["body"]
    assert (row["evidence_id"], row["alert_on"]) == ("f1", KNOWN.date())
    Alert.validate(alerts)
