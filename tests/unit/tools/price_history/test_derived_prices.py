"""Prices that rest on others follow them: called off, moved, ended and begun with them, unless printed themselves."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

import polars as pl
import pytest

from pipelines.schema.columns import polars_schema
from pipelines.schema.token_prices import TokenPriceObservation
from pipelines.snapshots.book import TOKEN_PRICES
from pipelines.snapshots.shipped_prices import shipped_versions
from tools.price_history.fold_evidence import price_history
from tools.price_history.historian import Evidence

ROW = {
    "provider": "anthropic", "channel": "api", "region": "global", "model": "claude-x", "meter": "input_uncached",
    "service_tier": "standard", "context_from": 0, "time_window": "always", "unit": "mtok", "currency": "USD",
    "printed": "p", "basis": "printed",
}  # fmt: skip
END = datetime(9999, 12, 31)
SEPTEMBER = datetime(2026, 9, 1)


def price(usd, effective_from=None, **differences):
    return ROW | {"usd_per_unit": Decimal(usd), "effective_from": effective_from} | differences


def said(on, *rows, series="page", rank=0, is_whole=True):
    frame = pl.DataFrame(list(rows), schema=polars_schema(TokenPriceObservation))
    return Evidence(series, datetime.fromisoformat(on), rank, f"{series}-{on}", frame, is_whole)


def announced(on, *rows):
    return said(on, *rows, series="announcements", is_whole=False)


def feed(on, *rows):
    return said(on, *rows, series="feed", rank=3)


def held(evidence, known=None, **key):
    """(start, end, usd) of what is believed of one price now, or was on a day."""
    wanted = {name: value for name, value in ROW.items() if name in TOKEN_PRICES.key} | key
    is_known = pl.col("known_to").is_null()
    if known is not None:
        day = datetime.fromisoformat(known)
        is_known = (pl.col("known_from") <= day) & (is_known | (pl.col("known_to") > day))
    rows = price_history(evidence).filter(is_known, **wanted).sort("valid_from")
    return [
        (f"{start:%m-%d}", f"{end:%m-%d}" if end else None, f"{usd.normalize():f}")
        for start, end, usd in rows.select("valid_from", "valid_to", "usd_per_unit").iter_rows()
    ]


BESIDE = [
    ({"region": "us"}, "1.1"),
    ({"service_tier": "batch"}, "0.5"),
    ({"region": "eu", "service_tier": "priority"}, "2.2"),
    ({"channel": "bedrock", "region": "in-region"}, "1.1"),
    ({"context_from": 200_001}, "1.5"),
    ({"meter": "output"}, "5"),
    ({"meter": "cache_read", "region": "us"}, "0.11"),
]


@pytest.mark.parametrize(("key", "factor"), BESIDE)
def test_a_rise_that_is_called_off_is_called_off_for_all_that_rests_on_it(key, factor):
    """Told of the plain price alone; the others were on the page that announced it."""
    low, high = (str(Decimal(usd) * Decimal(factor)) for usd in (10, 15))
    page = said("2026-07-26", price(10), price(15, SEPTEMBER), price(low, **key), price(high, SEPTEMBER, **key))
    called_off = announced("2026-08-10", price(10, datetime(2026, 8, 10)))
    assert held([page], **key)[1][2] == f"{Decimal(high).normalize():f}"
    assert held([page, called_off], **key) == [("07-26", None, f"{Decimal(low).normalize():f}")]
    assert len(held([page, called_off], known="2026-08-01", **key)) == 2, "what was known then stays known of then"


def test_a_feed_that_repeats_it_of_another_region_is_not_believed():
    key = {"channel": "bedrock", "region": "in-region"}
    page = said("2026-07-26", price(10), price(15, SEPTEMBER))
    called_off = announced("2026-08-10", price(10, datetime(2026, 8, 10)))
    late = feed("2026-08-20", price(11, **key), price("16.5", SEPTEMBER, **key))
    assert [usd for *_, usd in held([page, feed("2026-08-01", price(11, **key)), called_off, late], **key)] == ["11"]


def test_another_rise_and_one_that_is_printed_again_stay():
    us, batch = {"region": "us"}, {"service_tier": "batch"}
    page = said(
        "2026-07-26", price(10), price(15, SEPTEMBER), price(11, **us), price(12, SEPTEMBER, **us),
        price(5, **batch), price("7.5", datetime(2026, 10, 1), **batch),
    )  # fmt: skip
    called_off = announced("2026-08-10", price(10, datetime(2026, 8, 10)))
    assert held([page, called_off], **us)[-1] == ("09-01", None, "12"), "a rise by another factor is another one"
    assert held([page, called_off], **batch)[-1] == ("10-01", None, "7.5"), "so is one of another day"
    again = said("2026-08-20", price(10), price(5, **batch), price("7.5", SEPTEMBER, **batch))
    assert held([page, called_off, again], **batch)[-1] == ("09-01", None, "7.5"), "its own page says so since"


def test_a_price_nobody_prints_since_the_plain_one_moved_has_moved_with_it():
    us = {"region": "us"}
    page = said("2026-02-01", price(40), price(44, **us))
    cut = announced("2026-03-13", price(20, datetime(2026, 3, 13)))
    assert held([page, cut], **us) == [("02-01", "03-13", "44"), ("03-13", None, "22")]
    assert held([page, cut], known="2026-03-01", **us) == [("02-01", None, "44")]
    still = said("2026-05-01", price(20), price(44, **us))
    assert held([page, cut, still], **us) == [("02-01", None, "44")], "a page that prints it since says that it did not"


def test_a_feed_that_is_late_about_the_plain_price_proves_nothing_of_the_others():
    eu, base = {"channel": "azure", "region": "eu"}, {"channel": "azure"}
    first = feed("2026-07-30", price(30, **base), price(33, **eu))
    cut = announced("2026-09-01", price(20, datetime(2026, 9, 1), **base))
    late = feed("2026-09-14", price(30, **base), price(33, **eu))
    caught_up = feed("2026-09-29", price(20, **base), price(22, **eu))
    assert held([first, cut, late, caught_up], **eu) == [
        ("07-30", "09-01", "33"), ("09-01", "09-29", "22"), ("09-29", None, "22"),
    ]  # fmt: skip


def test_what_is_dated_back_moved_with_the_plain_price_and_is_no_older():
    cached, batch = {"meter": "cache_read"}, {"meter": "cache_read", "service_tier": "batch"}
    launch = announced("2026-07-08", price(2, datetime(2026, 7, 8)), price("0.5", datetime(2026, 7, 8), **cached))
    cut = announced("2026-07-30", price("0.3", datetime(2026, 7, 30), **cached))
    page = said("2026-10-31", price(2), price("0.3", **cached), price("0.15", **batch))
    before = said("2026-05-01", price(9, model="claude-y"))
    assert held([before, launch, cut, page], **batch) == [
        ("07-08", "07-30", "0.25"), ("07-30", "10-31", "0.15"), ("10-31", None, "0.15"),
    ]  # fmt: skip


def test_long_prompts_move_with_short_ones_only_if_the_ratio_is_the_same_again():
    long = {"context_from": 272_001}
    first = feed("2026-07-30", price(6), price(9, **long))
    cut, caught_up = feed("2026-08-22", price(2)), feed("2026-09-29", price(2), price(3, **long))
    assert held([first, cut, caught_up], **long) == [
        ("07-30", "08-22", "9"), ("08-22", "09-29", "3"), ("09-29", None, "3"),
    ]  # fmt: skip
    assert held([first, cut], **long) == [("07-30", None, "9")]
    other = feed("2026-09-29", price(2), price(4, **long))
    assert held([first, cut, other], **long) == [("07-30", "09-29", "9"), ("09-29", None, "4")]


def beside(versions: pl.DataFrame) -> Iterator[tuple[dict, list, list]]:
    """What is believed of each price of a region or a tier, and of the plain price that it rests on."""
    now = defaultdict(list)
    for row in versions.filter(pl.col("known_to").is_null()).sort("valid_from").iter_rows(named=True):
        now[tuple(row[name] for name in TOKEN_PRICES.key)].append(row)
    for key, rows in now.items():
        names = dict(zip(TOKEN_PRICES.key, key, strict=True))
        for plain in ({"region": "global"}, {"service_tier": "standard"}):
            base = now.get(tuple((names | plain).values()), [])
            if names | plain != names and base:
                yield names, rows, base


def in_force(rows, moment):
    return next((row for row in rows if row["valid_from"] <= moment < (row["valid_to"] or END)), None)


def ratio(row, base):
    return Fraction(row["usd_per_unit"]) / Fraction(base["usd_per_unit"])


def at_once(row, base):
    """The rows of the plain price during one of the other."""
    end = row["valid_to"] or END
    return [each for each in base if each["valid_from"] < end and row["valid_from"] < (each["valid_to"] or END)]


def is_left_behind(row, rows, base):
    """Whether a provider's move of the plain price left a price behind at a time when nobody printed it."""
    own, proof = in_force(rows, row["proven_from"]), in_force(base, row["proven_from"])
    if own is None or proof is None or not proof["usd_per_unit"]:
        return False
    for other in at_once(row, base):
        start = max(other["valid_from"], row["valid_from"])
        end = min(other["valid_to"] or END, row["valid_to"] or END)
        is_proven = start <= row["proven_until"] and row["proven_from"] < end
        is_told = max(other, proof, key=lambda each: each["valid_from"])["authority"] == "provider"
        later = [each for each in rows if each["valid_from"] >= end and each["basis"] != "assumed"]
        if is_told and not is_proven and (not later or row["basis"] == "assumed"):
            return abs(ratio(row, other) - ratio(own, proof)) > ratio(own, proof) / 50
    return False


def test_no_shipped_price_is_left_behind_by_the_one_that_it_rests_on():
    found = [
        f"{names} {row['valid_from']:%F}"
        for names, rows, base in beside(shipped_versions())
        for row in rows
        if is_left_behind(row, rows, base)
    ]
    assert found == []


def test_a_shipped_uplift_of_a_region_is_what_it_was():
    """A region's price that was computed from the plain one keeps one factor, and ends with it."""
    found = []
    for names, rows, base in beside(shipped_versions().filter(pl.col("region") != "in-region")):
        computed = [row for row in rows if row["basis"] == "derived" and names["region"] != "global"]
        factors = {round(ratio(row, other), 2) for row in computed for other in at_once(row, base)}
        ends = max((each["valid_to"] or END for each in base), default=END)
        if len(factors) > 1 or any((row["valid_to"] or END) > ends for row in computed):
            found.append((names, sorted(map(float, factors))))
    assert found == []


def test_the_rise_of_sonnet_5_that_was_called_off_comes_nowhere():
    """Announced with the model for 2026-09-01, 10 to 15; called off on 2026-08-10."""
    prices = shipped_versions().filter(
        pl.col("known_to").is_null(),
        pl.col("model").str.contains("sonnet-5$") & (pl.col("valid_from") >= datetime(2026, 8, 10)),
        meter="output", service_tier="standard",
    )  # fmt: skip
    assert set(prices["usd_per_unit"]) <= {Decimal(10), Decimal(11), Decimal(12)}
