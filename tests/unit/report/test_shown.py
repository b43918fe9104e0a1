"""Values as people read them."""

from decimal import Decimal

import pytest

from pipelines.report.shown import change_percent, percent, rate, text, tokens, usd


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "not known"), (Decimal(0), "$0.00"), (Decimal("0.005"), "$0.005"),
        (Decimal("999.995"), "$1,000.00"),
        (Decimal("1234.5"), "$1,235"), (Decimal("-38.306"), "\N{MINUS SIGN}$38.31"),
        (Decimal("0.00000001"), "$<0.0001"),
    ],
)  # fmt: skip
def test_dollars(value, shown):
    assert usd(value) == shown


def test_signs():
    assert (usd(Decimal(2), signed=True), percent(12.6, signed=True)) == ("+$2.00", "+12.6 %")
    assert percent(-60.15) == "\N{MINUS SIGN}60.1 %"
    assert (percent(0.09), percent(0.0), percent(15.0), percent(None)) == ("0.09 %", "0 %", "15 %", "not known")


def test_counts_and_rates():
    assert [tokens(one) for one in (999, 1_500, 31_400_000, 1_153_968_411, 5 * 10**12)] == [
        "999", "1.5 k", "31.4 M", "1.15 B", "5 T",
    ]  # fmt: skip
    assert (rate(Decimal("2.500000")), rate(Decimal("0.073500"))) == ("$2.50", "$0.0735")


def test_a_change_from_nothing_has_no_percent():
    assert (change_percent(Decimal(5), None), change_percent(Decimal(5), Decimal(0))) == (None, None)
    assert change_percent(Decimal(15), Decimal(10)) == pytest.approx(50)


def test_a_day_is_told_from_other_text():
    assert (text("2026-10-09").is_day, text("from 2026-10-09").is_day, text(None).text) == (True, False, "")
