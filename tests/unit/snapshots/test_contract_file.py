"""The contract file: what a line says, and what is told of one that cannot be used."""

import re
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.models.user_csv import UserFileError
from pipelines.snapshots.contract_file import parse_contract
from tests.unit.costs.contract_rows import FILE, VOLUME_HEADER, contract, terms, volume_terms


def test_a_line_of_each_kind():
    found = terms(
        "price,org-a,anthropic,,claude-x,,output,12.5,,MSA,2026-01-01,2027-01-01",
        "discount,,aws,,,,,15%,,,,",
        "commitment,,openai,,,,,50000,month,,2026-01-01,",
        "credit,,google,,,,,1000,,,2026-01-15,",
        "marketplace,,,azure,,,,-3,,,,",
        "tax,,,,,,,19,,,,",
    )
    told = found.select("kind", "provider", "channel", "service_tier", "value", "per", "valid_from").rows()
    assert told == [
        ("price", "anthropic", None, "standard", Decimal("12.5"), None, date(2026, 1, 1)),
        ("discount", None, "bedrock", None, 15, None, None),
        ("commitment", "openai", None, None, 50_000, "month", date(2026, 1, 1)),
        ("credit", "google", None, None, 1000, None, date(2026, 1, 15)),
        ("marketplace", None, "azure", None, -3, None, None),
        ("tax", None, None, None, 19, None, None),
    ]
    assert found["term_id"].n_unique() == 6


def test_no_file_and_a_header_alone_are_no_terms():
    assert parse_contract(FILE, b"").is_empty()
    assert terms().is_empty()


def test_equal_credits_are_two():
    assert terms(*["credit,,,,,,,10,,,,"] * 2)["term_id"].n_unique() == 2


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("rebate,,,,,,,5,,,,", "kind 'rebate' is unknown; write one of price, discount, commitment, credit"),
        ("discount,,,,,,,120,,,,", "value '120' of a discount cannot be used; write percent off the list price"),
        ("discount,,,,,,,1e1,,,,", "value '1e1' of a discount cannot be used"),
        ("discount,,,,,,,-5,,,,", "value '-5' of a discount cannot be used"),
        ("price,,,,claude-x,,output,5%,,,,", "value '5%' of a price cannot be used; write USD per million tokens"),
        (
            "price,,,,claude-x,,output,2.10 euros in EUR,,,,",
            "value '2.10 euros in EUR' of a price is not in USD; write a code of ISO 4217 behind the number",
        ),
        ("commitment,,openai,,,,,\u20ac50000,month,,2026-01-01,", "value '\u20ac50000' of a commitment is not in USD"),
        ("price,,,,claude-x,,output,five USD,,,,", "value 'five USD' of a price cannot be used"),
        ("price,,,,claude-x,,,5,,,,", "a price is for one meter of one model; write both model and meter"),
        ("price,,,,,,output,5,,,,", "a price is for one meter of one model"),
        ("discount,,,,,,tokens,5,,,,", "meter 'tokens' is unknown; write one of input_uncached"),
        ("discount,,,,,turbo,,5,,,,", "service_tier 'turbo' is unknown"),
        ("discount,,aws,azure,,,,5,,,,", "provider 'aws' is on channel bedrock; leave one of the two empty"),
        ("discount,,,,,,,5,month,,,", "per 'month' is for commitments only; leave it empty"),
        ("commitment,,,,,,,5,,,2026-01-01,", "per '' of a commitment is unknown; write month or term"),
        ("commitment,,,,,,,5,month,,,", "a commitment per month needs its days; write valid_from"),
        ("commitment,,,,,,,5,term,,2026-01-01,", "a commitment per term needs its days; write valid_from and valid_to"),
        ("commitment,,,,,,,5,month,,2026-01-15,", "a commitment per month begins and ends with a month"),
        ("discount,,,,,,,5,,,2026-13-01,", "valid_from '2026-13-01' is no date; write it as 2026-01-31"),
        ("discount,,,,,,,5,,,2026-01-01T12:00,", "valid_from '2026-01-01T12:00' is no day"),
        ("discount,,,,,,,5,,,2026-02-01,2026-01-01", "valid_to must be after valid_from"),
        ("discount,,,,,,,5", "8 cells, the header has 12"),
        ("credit,,,,,,,50.000,,,,", "value '50.000' of a credit may mean thousands; write 50.00, or 50000"),
        ("credit,,,,,,,50.000 eur,,,,", "value '50.000 eur' of a credit may mean thousands; write 50.00, or 50000"),
        ("discount,,,,,,,0.15,,,,", "value '0.15' of a discount may be a share; write 15 if it is, else 0.15%"),
        ("tax,,,,,,,0.19,,,,", "value '0.19' of a tax may be a share; write 19 if it is, else 0.19%"),
        ("discount,,,,,,,5,,annex\x0cC,,", "note is no plain text"),
    ],
)
def test_what_cannot_be_used_is_told_with_line_and_remedy(line, told):
    with pytest.raises(UserFileError) as caught:
        parse_contract(FILE, contract("credit,,,,,,,10,,,,", line).encode())
    assert str(caught.value).startswith("contract_prices.csv line 3: " + told)


KEYS = ["discount,,openai,,,,", "price,,,,gpt-x,,output", "marketplace,,,azure,,,", "tax,,,,,,"]
days = st.dates(date(2026, 1, 1), date(2026, 1, 20))
spans = st.tuples(days, days).filter(lambda pair: pair[0] < pair[1])


@given(st.sampled_from(KEYS), st.sampled_from(KEYS), spans, spans)
def test_two_lines_of_one_key_and_day_are_refused_and_no_others(one, other, first, second):
    lines = [f"{key},5,,,{begin},{end}" for key, (begin, end) in ((one, first), (other, second))]
    if one == other and max(first[0], second[0]) < min(first[1], second[1]):
        with pytest.raises(UserFileError, match="line 3: line 2 says something about the same usage"):
            terms(*lines)
    else:
        assert terms(*lines).height == 2


def test_a_discount_beside_a_price_of_the_same_key_is_refused():
    with pytest.raises(UserFileError, match="line 3"):
        terms("price,,,,gpt-x,,output,5,,,,", "discount,,,,gpt-x,standard,output,5,,,,")


BAND = "price,,anthropic,,claude-x,,output,{},,,,,graduated,{}"


SPEND = "discount,,openai,,,,,{},,,,,all_units,{}"


def test_bands_by_spend_name_their_currency_and_the_first_need_not():
    found = volume_terms(SPEND.format(0, 0), SPEND.format(5, "50000 usd"), SPEND.format(8, "100000USD"))
    told = found.select("per", "from_quantity", "volume_currency").rows()
    assert told == [("month", 0, "USD"), ("month", 50_000, "USD"), ("month", 100_000, "USD")]


def test_bands_of_volume_are_lines_about_the_same_usage():
    found = volume_terms(BAND.format(10, 0), BAND.format(8, 10**9), "discount,,openai,,,,,5,month,,,,all_units,0")
    told = found.select("value", "per", "volume", "from_quantity").rows()
    assert told == [
        (10, "month", "graduated", 0), (8, "month", "graduated", 10**9), (5, "month", "all_units", 0)
    ]  # fmt: skip
    assert volume_terms("discount,,openai,,,,,5,,,,,,")["volume"].to_list() == [None]


def test_a_line_at_any_quantity_is_the_same_term_in_a_file_with_bands():
    line = "discount,,openai,,,,,5,,,2026-01-01,"
    assert volume_terms(f"{line},,")["term_id"].item() == terms(line)["term_id"].item()


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            [BAND.format(8, 10**9)],
            "line 2: no line says what holds below from_quantity 1000000000; write one",
        ),
        ([BAND.format(10, 0), BAND.format(8, 0)], "line 3: line 2 says something about the same usage"),
        ([BAND.format(10, 0), BAND.format(8, 5).replace("graduated", "all_units")], "bands of volume have one kind"),
        ([BAND.format(10, 0), BAND.format(8, 5).replace(",,,grad", ",2026-02-01,,grad")], "and the same days"),
        ([BAND.format(10, 0), BAND.format(8, "").replace("graduated", "")], "line 3: line 2 says something about"),
        ([BAND.format(10, "1e9")], "line 2: from_quantity '1e9' is no quantity; write tokens or calls in digits"),
        ([BAND.format(10, "")], "line 2: from_quantity '' is no quantity"),
        ([BAND.format(10, -1)], "line 2: from_quantity '-1' is no quantity"),
        ([BAND.format(10, 0).replace("graduated", "")], "line 2: volume '' beside from_quantity '0' is unknown; write"),
        ([BAND.format(10, 0).replace("graduated", "tiered")], "line 2: volume 'tiered' beside from_quantity '0' is"),
        (["credit,,google,,,,,1000,,,,,graduated,0"], "line 2: a credit has no bands of volume"),
        (["discount,,openai,,,,,5,term,,,,graduated,0"], "line 2: a band of volume per term needs its days"),
        (
            ["discount,,openai,,,,,5,week,,,,graduated,0"],
            "line 2: per 'week' of a band of volume is unknown; write",
        ),
        ([BAND.format(10, "0 USD")], "line 2: a price has no bands by spend, which is at list prices; write discounts"),
        ([SPEND.format(0, "0 USD"), SPEND.format(5, "50 EUR")], "line 3: line 2 says something about the same usage"),
        ([SPEND.format(5, "50 USD")], "line 2: no line says what holds below from_quantity 50; write one"),
        ([SPEND.format(5, "'50,000 USD'")], "line 2: from_quantity '50,000 USD' is no quantity; write"),
    ],
)
def test_bands_that_cannot_be_used_are_told_with_line_and_remedy(lines, message):
    with pytest.raises(UserFileError, match=re.escape(message)):
        volume_terms(*(line.replace("'", '"') for line in lines))


def test_the_header_may_end_with_the_columns_of_volume_and_else_tells_all_that_it_may_be():
    header = VOLUME_HEADER.replace(",volume", "")
    with pytest.raises(UserFileError, match=r"line 1: the header is .*valid_to,volume,from_quantity, separated"):
        parse_contract(FILE, f"{header}\n".encode())


@pytest.mark.parametrize(
    ("header", "told"),
    [
        (contract().replace(",", ";"), ", its cells separated by semicolons; write kind,"),
        (contract().replace(",", "\t"), ", its cells separated by tabs; write kind,"),
        (contract().replace(",note", ""), "' (note missing); write kind,"),
        (contract().replace("value", "price"), "' (value missing; price unknown); write kind,"),
    ],
)
def test_of_a_header_it_is_told_what_is_wrong_with_it(header, told):
    with pytest.raises(UserFileError, match=re.escape(told)):
        parse_contract(FILE, header.encode())


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("begin", ["", "\ufeff"])
def test_spreadsheets_end_their_lines_and_begin_their_files_in_several_ways(begin, ends):
    content = begin + contract("discount,,openai,,,,,0.5%,,,,").replace("\n", ends)
    assert parse_contract(FILE, content.encode())["value"].to_list() == [Decimal("0.5")]
