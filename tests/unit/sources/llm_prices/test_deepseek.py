"""DeepSeek's price page in the forms of 2025 and 2026; figures are those of the page."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.schema.time_windows import parse_window
from pipelines.schema.token_prices import TokenPriceObservation
from pipelines.sources.llm_prices.deepseek import daily_window, parse, peak_window
from pipelines.sources.parsed import ParseError

PAGES = Path(__file__).parents[3] / "pages" / "llm_prices"
PEAK_PAGE = (PAGES / "deepseek.html").read_bytes()
FLAT_PAGE = (PAGES / "deepseek_flat.html").read_bytes()
HOURS_PAGE = (PAGES / "deepseek_hours.html").read_bytes()
PEAK = "mon-fri 01:00-04:00,06:00-10:00 except CN holidays"
NIGHT = "mon-sun 00:00-00:30,16:30-24:00"
FOOTNOTE = (
    b"Peak hours are 01:00 - 04:00 and 06:00 - 10:00 UTC, Monday through Friday, excluding Chinese public holidays."
)
FIRST_CALL_PAGE = b"""<html><body><h1>Your First API Call</h1><p>The DeepSeek API uses an API format compatible with
OpenAI.</p><table><tr><td>MODEL</td><td>deepseek-flash</td><td>deepseek-v4-pro</td></tr></table>
<p>Off-peak rates: see the price page.</p></body></html>"""
METERS = ("cache_read", "input_uncached", "output")


def prices(rows: pl.DataFrame) -> dict[tuple[str, str, str], Decimal]:
    columns = rows.select("model", "meter", "time_window", "usd_per_unit").rows()
    return {row[:3]: row[3] for row in columns}


def wanted(table: dict[tuple[str, str], tuple[str, str, str]]) -> dict[tuple[str, str, str], Decimal]:
    """From {(model, window): (cache hit, cache miss, output)}."""
    return {
        (model, meter, window): Decimal(usd)
        for (model, window), figures in table.items()
        for meter, usd in zip(METERS, figures, strict=True)
    }


def test_every_price_of_the_peak_page():
    parsed = parse(PEAK_PAGE)
    flash = {"always": ("0.003", "0.15", "0.6"), PEAK: ("0.006", "0.3", "1.2")}
    names = ("deepseek-flash", "deepseek-v4-flash", "deepseek-v4-flash-vision-exp")
    table = {(name, window): figures for name in names for window, figures in flash.items()}
    table[("deepseek-v4-pro", "always")] = ("0.022", "0.66", "1.98")
    table[("deepseek-v4-pro", PEAK)] = ("0.044", "1.32", "3.96")
    assert prices(parsed.rows) == wanted(table)
    assert parsed.rejects.height == 0
    assert TokenPriceObservation.validate(parsed.rows).height == 24


def test_legacy_names_are_derived_and_say_from_what():
    rows = parse(PEAK_PAGE).rows.filter(pl.col("basis") == "derived")
    assert set(rows["model"]) == {"deepseek-v4-flash", "deepseek-v4-flash-vision-exp"}
    assert "billed at the Flash price: $0.003" in rows["printed"].to_list()


def test_one_million_in_and_out_of_v4_pro():
    found = prices(parse(PEAK_PAGE).rows)
    peak, off_peak = (
        found["deepseek-v4-pro", "input_uncached", window] + found["deepseek-v4-pro", "output", window]
        for window in (PEAK, "always")
    )
    assert (peak, off_peak) == (Decimal("5.28"), Decimal("2.64"))


def test_every_price_of_the_flat_page():
    parsed = parse(FLAT_PAGE)
    figures = ("0.028", "0.28", "0.42")
    assert prices(parsed.rows) == wanted({(m, "always"): figures for m in ("deepseek-chat", "deepseek-reasoner")})
    assert parsed.rejects.height == 0


def test_every_price_of_the_discount_hours_page():
    parsed = parse(HOURS_PAGE)
    now = parsed.rows.filter(pl.col("effective_from").is_null())
    table = {
        ("deepseek-chat", "always"): ("0.07", "0.27", "1.10"),
        ("deepseek-reasoner", "always"): ("0.14", "0.55", "2.19"),
        ("deepseek-chat", NIGHT): ("0.035", "0.135", "0.550"),
        ("deepseek-reasoner", NIGHT): ("0.035", "0.135", "0.550"),
    }
    assert prices(now) == wanted(table)
    announced = parsed.rows.filter(pl.col("effective_from") == datetime(2025, 9, 5, 16))
    figures = ("0.07", "0.56", "1.68")
    assert prices(announced) == wanted({(m, "always"): figures for m in ("deepseek-chat", "deepseek-reasoner")})
    assert (parsed.rows.height, parsed.rejects.height) == (18, 0)


def test_an_unreadable_start_refuses_the_announced_prices_only():
    parsed = parse(HOURS_PAGE.replace(b"16:00 UTC Time on Sept 5th, 2025, we", b"autumn, we"))
    assert parsed.rows["effective_from"].null_count() == parsed.rows.height == 12
    assert parsed.rejects["reason"].to_list() == ["the date from which these prices hold is unreadable"]


@pytest.mark.parametrize(
    ("note", "window"),
    [
        (FOOTNOTE, PEAK),
        (FOOTNOTE.replace(b", excluding Chinese public holidays", b""), "mon-fri 01:00-04:00,06:00-10:00"),
        (FOOTNOTE.replace(b"04:00 and 06:00 - 10:00", b"04:00"), "mon-fri 01:00-04:00 except CN holidays"),
        (FOOTNOTE.replace(b"04:00 and 06", b"04:00, 05:00 - 05:30, and 06"), PEAK.replace(",", ",05:00-05:30,")),
        (FOOTNOTE.replace(b"Monday", b"Tuesday"), PEAK.replace("mon", "tue")),
        (FOOTNOTE.replace(b"Chinese", b"US"), None),
        (FOOTNOTE.replace(b"UTC", b"Beijing Time"), None),
        (FOOTNOTE.replace(b"01:00", b"1 am"), None),
        (FOOTNOTE.replace(b"01:00", b"25:00"), None),
        (FOOTNOTE.replace(b"06:00", b"03:00"), None),
        (FOOTNOTE.replace(b"Monday through", b"Sunday through"), None),
        (b"Peak hours are announced each month.", None),
    ],
)
def test_peak_hours_are_those_of_the_footnote_or_none(note, window):
    assert peak_window([f"{note.decode()} All other hours are off-peak, including weekends."]) == window


def test_without_the_footnote_no_price_by_the_hour_is_taken():
    with pytest.raises(ParseError, match="not one known meter at readable hours"):
        parse(PEAK_PAGE.replace(FOOTNOTE, b"Peak hours are announced each month."))


def test_two_footnotes_that_differ_say_nothing():
    other = FOOTNOTE.replace(b"10:00", b"11:00")
    notes = [f"{note.decode()} All other hours are off-peak." for note in (FOOTNOTE, other)]
    assert peak_window(notes) is None


def test_half_of_a_pair_is_refused():
    parsed = parse(PEAK_PAGE.replace(b"$3.96", b"on request"))
    assert ("deepseek-v4-pro", "output", "always") not in prices(parsed.rows)
    assert parsed.rejects.rows() == [
        ("deepseek-v4-pro: PRICING 1M OUTPUT TOKENS PEAK", "on request", "not exactly a price in USD"),
        ("deepseek-v4-pro: PRICING 1M OUTPUT TOKENS OFF-PEAK", "$1.98", "the price of the other hours is missing"),
    ]


def test_standard_and_discount_hours_that_leave_a_gap_are_refused():
    parsed = parse(HOURS_PAGE.replace(b"(UTC 16:30-00:30)", b"(UTC 17:30-00:30)"))
    assert parsed.rows["effective_from"].null_count() == 0
    assert parsed.rejects["reason"].to_list() == ["the price of the other hours is missing"] * 12


def test_a_model_that_a_footnote_bills_otherwise_is_refused():
    note = b"Requests to deepseek-v4-pro will be routed to V4.1 Flash and billed at the V4.1 Flash price. All"
    parsed = parse(PEAK_PAGE.replace(b"(2) Off-peak", b"(2) " + note + b" rates. Off-peak"))
    assert "deepseek-v4-pro" not in parsed.rows["model"].to_list()
    assert parsed.rejects["reason"].value_counts(sort=True)["count"].to_list() == [6, 1]


def test_legacy_names_of_an_unknown_price_get_none():
    parsed = parse(PEAK_PAGE.replace(b"billed at the Flash price", b"billed at the Lite price"))
    assert set(parsed.rows["model"]) == {"deepseek-flash", "deepseek-v4-pro"}
    assert parsed.rejects["place"].to_list() == ["footnote"]


def test_prices_in_yuan_are_refused():
    with pytest.raises(ParseError, match="yields no row"):
        parse(FLAT_PAGE.replace(b"$0.28", b"2").replace(b"$0.028", b"0.2").replace(b"$0.42", b"3"))


@pytest.mark.parametrize("body", [b"", b"\x00\xff", b"<" * 5000, b"<div>" * 5000, FIRST_CALL_PAGE, PEAK_PAGE[:330]])
def test_other_bodies_raise(body):
    with pytest.raises(ParseError):
        parse(body)


@pytest.mark.parametrize(
    ("right", "wrong", "reason"),
    [
        (b"<h1>Models &amp; Pricing</h1>", b"<h1>Your First API Call</h1>", "not the page"),
        (b"per 1M tokens", b"per 1K tokens", "not the page"),
        (b"<td>1M ", b"<td>1K ", "no table whose columns are models"),
        (b'<td colspan="2">MODEL</td>', b'<td colspan="2">PARAM</td>', "no table whose columns are models"),
    ],
)
def test_another_structure_raises(right, wrong, reason):
    assert right in FLAT_PAGE
    with pytest.raises(ParseError, match=reason):
        parse(FLAT_PAGE.replace(right, wrong))


@given(st.integers(0, 1439), st.integers(0, 1439))
def test_daily_windows_last_as_long_as_the_clock_says(start, end):
    window = daily_window(*(f"{minute // 60:02}:{minute % 60:02}" for minute in (start, end)))
    stretches = parse_window(window).intervals if window else ()
    assert sum(high - low for low, high in stretches) == (end - start) % 1440


def test_hours_off_the_clock_are_no_window():
    assert daily_window("16:30", "25:00") is None
    assert daily_window("16:60", "00:30") is None


def test_a_discount_beside_a_struck_price_is_the_price():
    page = FLAT_PAGE.replace(b"$0.028<", b"$0.0145 (75% off<sup>(3)</sup>)<del>$0.058</del><").replace(
        b"$0.28<", b"$0.14 (50% OFF)<s>$0.28</s><"
    )
    parsed = parse(page)
    assert parsed.rejects.height == 0
    assert prices(parsed.rows)["deepseek-chat", "cache_read", "always"] == Decimal("0.0145")
    assert prices(parsed.rows)["deepseek-chat", "input_uncached", "always"] == Decimal("0.14")


def test_old_names_that_the_footnote_equates_with_a_model_have_its_price():
    note = (
        b"<p>(1) The model names deepseek-old and deepseek-older will be deprecated in the future. For compatibility, "
        b"they correspond to the non-thinking mode and thinking mode of deepseek-chat, respectively.</p>"
    )
    rows = parse(FLAT_PAGE.replace(b"</article>", note + b"</article>")).rows
    assert prices(rows)["deepseek-older", "output", "always"] == Decimal("0.42")
    assert set(rows.filter(pl.col("basis") == "derived")["model"]) == {"deepseek-old", "deepseek-older"}
