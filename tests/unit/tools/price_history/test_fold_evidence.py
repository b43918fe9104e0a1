"""Evidence of many sources -> one history: changes, corrections, assumptions, and what was known when."""

from datetime import datetime
from decimal import Decimal

import polars as pl

from pipelines.schema.columns import polars_schema
from pipelines.schema.token_prices import TokenPriceObservation
from tools.price_history.fold_evidence import price_history
from tools.price_history.historian import Evidence

ROW = {
    "provider": "openai",
    "channel": "api",
    "region": "global",
    "model": "gpt-x",
    "meter": "input_uncached",
    "service_tier": "standard",
    "context_from": 0,
    "time_window": "always",
    "unit": "mtok",
    "currency": "USD",
    "printed": "p",
    "basis": "printed",
}


def price(usd, **differences):
    return ROW | {"usd_per_unit": Decimal(usd)} | differences


def said(on, *rows, series="feed", rank=3):
    frame = pl.DataFrame(list(rows), schema=polars_schema(TokenPriceObservation))
    return Evidence(series, datetime.fromisoformat(on), rank, f"{series}-{on}", frame)


def announced(on, *rows):
    return said(on, *rows, series="announcements", rank=0)


def believed(*evidence, **key):
    """(start, end, usd, basis) of what is believed now."""
    rows = price_history(evidence).filter(pl.col("known_to").is_null(), **(key or {"meter": "input_uncached"}))
    return [
        (str(a.date()), str(b.date()) if b else None, f"{usd.normalize():f}", basis)
        for a, b, usd, basis in rows.sort("valid_from").select("valid_from", "valid_to", "usd_per_unit", "basis").rows()
    ]


def test_a_price_is_assumed_from_the_file_before_which_did_not_list_the_model():
    other = price(9, model="gpt-y")
    assert believed(said("2025-01-01", other), said("2025-03-01", other, price(2)), model="gpt-x") == [
        ("2025-01-01", "2025-03-01", "2", "assumed"),
        ("2025-03-01", None, "2", "printed"),
    ]


def test_a_snapshot_is_assumed_from_the_day_in_its_id():
    dated = price(3, model="claude-x-20240930")
    assert believed(said("2025-01-01", dated)) == [
        ("2024-09-30", "2025-01-01", "3", "assumed"),
        ("2025-01-01", None, "3", "printed"),
    ]


def test_a_move_of_the_feed_is_a_change_from_the_day_on_which_it_was_seen():
    moved = said("2025-01-01", price(10)), said("2025-06-19", price(2))
    assert believed(*moved) == [("2025-01-01", "2025-06-19", "10", "printed"), ("2025-06-19", None, "2", "printed")]


def test_an_announcement_dates_the_change_that_the_feed_shows_later():
    cut = announced("2025-06-10", price(2, effective_from=datetime(2025, 6, 10)))
    moved = said("2025-01-01", price(10)), cut, said("2025-06-19", price(2))
    assert believed(*moved) == [("2025-01-01", "2025-06-10", "10", "printed"), ("2025-06-10", None, "2", "printed")]


def test_a_feed_that_lags_does_not_undo_an_announcement():
    cut = announced("2025-06-10", price(2, effective_from=datetime(2025, 6, 10)))
    lagging = said("2025-01-01", price(10)), cut, said("2025-06-19", price(10)), said("2025-08-01", price("1.5"))
    assert believed(*lagging)[1:] == [
        ("2025-06-10", "2025-08-01", "2", "printed"),
        ("2025-08-01", None, "1.5", "printed"),
    ]


def test_a_standing_disagreement_with_a_page_is_not_news():
    page = said("2025-02-01", price(5), series="page", rank=1)
    feed = said("2025-03-01", price(7)), said("2025-04-01", price(7)), said("2025-05-01", price(6))
    assert believed(page, *feed) == [("2025-02-01", None, "5", "printed")]


def test_a_feed_that_goes_back_corrects_itself_and_both_beliefs_are_kept():
    files = said("2025-01-01", price(4)), said("2025-02-01", price(5)), said("2025-03-01", price(4))
    assert believed(*files) == [("2025-01-01", "2025-02-01", "4", "printed"), ("2025-02-01", None, "4", "corrected")]
    mistaken = price_history(files).filter(pl.col("known_to").is_not_null(), pl.col("usd_per_unit") == 5)
    assert mistaken.select("known_from", "known_to").rows() == [(datetime(2025, 2, 1), datetime(2025, 3, 1))]


def test_slipped_units_and_rounded_figures_are_corrections():
    assert believed(said("2025-01-01", price("0.0005")), said("2025-02-01", price("0.5"))) == [
        ("2025-01-01", None, "0.5", "corrected")
    ]
    assert believed(said("2025-01-01", price("0.13")), said("2025-02-01", price("0.125"))) == [
        ("2025-01-01", None, "0.125", "corrected")
    ]


def test_a_rise_that_was_announced_and_cancelled_is_known_for_as_long_as_it_was():
    start, rise, cancelled = datetime(2026, 6, 30), datetime(2026, 9, 1), datetime(2026, 8, 10)
    history = price_history([
        announced("2026-06-30", price(2, effective_from=start), price(3, effective_from=rise)),
        announced("2026-08-10", price(2, effective_from=cancelled)),
    ])  # fmt: skip
    in_september = history.filter(
        pl.col("valid_from") <= rise, pl.col("valid_to").is_null() | (pl.col("valid_to") > rise)
    )
    assert in_september.sort("known_from").select("usd_per_unit", "known_from", "known_to").rows() == [
        (Decimal(3), start, cancelled),
        (Decimal(2), cancelled, None),
    ]


def test_a_future_price_of_a_feed_is_believed_where_its_present_one_is():
    new_year = datetime(2027, 1, 1)
    rows = price("0.75"), price("1.5", effective_from=new_year)
    assert believed(said("2026-08-01", *rows)) == [
        ("2026-08-01", "2027-01-01", "0.75", "printed"),
        ("2027-01-01", None, "1.5", "printed"),
    ]


def test_a_meter_that_a_feed_adds_later_is_dated_by_the_input_price():
    files = (
        said("2025-01-01", price(10)),
        said("2025-06-01", price(2)),
        said("2025-09-01", price(2), price(1, meter="cache_read")),
    )
    assert believed(*files, meter="cache_read") == [
        ("2025-06-01", "2025-09-01", "1", "assumed"),
        ("2025-09-01", None, "1", "printed"),
    ]


def test_models_that_leave_a_feed_keep_their_price():
    gone = said("2025-01-01", price(4), price(1, model="gpt-y")), said("2025-02-01", price(1, model="gpt-y"))
    assert believed(*gone, model="gpt-x") == [("2025-01-01", None, "4", "printed")]


def test_a_feed_that_falls_back_behind_an_announcement_is_not_followed():
    rise = announced("2025-02-08", price("0.27", effective_from=datetime(2025, 2, 8)))
    files = (
        said("2024-11-28", price("0.14")),
        rise,
        said("2025-03-01", price("0.27")),
        said("2025-04-01", price("0.14")),
    )
    assert believed(*files) == [
        ("2024-11-28", "2025-02-08", "0.14", "printed"),
        ("2025-02-08", None, "0.27", "printed"),
    ]


def test_a_feed_that_disagrees_on_the_price_says_nothing_about_peak_hours_and_long_prompts():
    peak = price("0.27", time_window="mon-sun 00:30-16:30")
    long = price(9, context_from=200_001)
    known = announced("2026-04-24", price("0.14", effective_from=datetime(2026, 4, 24)))
    late = said("2026-08-05", price("0.135"), peak, long)
    assert believed(known, late) == [("2026-04-24", None, "0.14", "printed")]
    right = said("2026-08-05", price("0.14"), peak)
    assert believed(known, right, time_window="mon-sun 00:30-16:30")[0] == (
        "2026-04-24",
        "2026-08-05",
        "0.27",
        "assumed",
    )


def test_an_announced_price_that_has_come_into_force_is_not_undone_by_a_stale_feed():
    rise = announced(
        "2024-12-26",
        price("0.14", effective_from=datetime(2024, 12, 26)),
        price("0.27", effective_from=datetime(2025, 2, 8)),
    )
    files = said("2024-11-28", price("0.14")), rise, said("2025-08-13", price("0.14"))
    assert believed(*files)[-1] == ("2025-02-08", None, "0.27", "printed")


def test_a_late_echo_of_a_price_in_between_is_no_change():
    """The feed was behind when the provider spoke, and steps to a price that had come and gone since."""
    cut = announced("2026-09-10", price("0.15", effective_from=datetime(2026, 9, 10)))
    files = said("2026-08-01", price("0.22")), cut, said("2026-09-14", price("0.44"))
    assert believed(*files)[-1] == ("2026-09-10", None, "0.15", "printed")


def test_a_feed_that_still_announces_a_cancelled_price_is_not_believed():
    start, rise = datetime(2026, 6, 30), datetime(2026, 9, 1)
    launch = announced("2026-06-30", price(2, effective_from=start), price(3, effective_from=rise))
    cancelled = announced("2026-08-10", price(2, effective_from=datetime(2026, 8, 10)))
    stale = said("2026-08-20", price(2), price(3, effective_from=rise))
    assert believed(launch, cancelled, stale) == [("2026-06-30", None, "2", "printed")]


def test_a_figure_that_a_feed_keeps_against_the_provider_s_was_never_looked_up():
    """gpt-4o-mini-tts: 2.50 of another meter in one feed since 2025-06, still in 2026-09; OpenAI printed 0.60."""
    wrong = said("2025-06-09", price("2.5")), said("2025-10-11", price("2.5"))
    page = said("2025-11-30", price("0.6"), series="page", rank=0)
    kept, late = said("2026-03-10", price("2.5")), said("2026-01-29", price("2.5"))
    assert believed(*wrong, page, kept) == [
        ("2025-06-09", "2025-11-30", "0.6", "assumed"),
        ("2025-11-30", None, "0.6", "printed"),
    ]
    assert believed(*wrong, page, late)[0] == ("2025-06-09", "2025-10-12", "2.5", "printed"), "late within a quarter"
    before = said("2025-07-01", price("2.5"), series="other page", rank=0)
    assert believed(*wrong, before, page, kept)[0][2] == "2.5", "a provider printed it once: it was a price"
