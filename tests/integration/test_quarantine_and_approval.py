"""A price that moves too far is held, and what lets it in: another day, another source, a person; or it goes back."""

import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from pipelines.alerts.raise_alerts import raise_alerts
from pipelines.snapshots.load_body import approve_latest, promote_latest
from pipelines.sources.catalog import SOURCES_BY_KEY

RECORDED_ON = date(2026, 7, 29)
FIRST, CUT_AT, CUT_LATER = datetime(2026, 7, 29, 8), datetime(2026, 7, 30, 8), datetime(2026, 7, 30, 18)
NEXT_DAY, DAY_AFTER = datetime(2026, 7, 31, 8), datetime(2026, 8, 1, 8)

ANTHROPIC, OPENAI, LITELLM = (SOURCES_BY_KEY[key] for key in ("anthropic_pricing", "openai_pricing", "litellm"))
RUNPOD = SOURCES_BY_KEY["runpod_rates"]
OPUS = ("claude-opus-4-8", "input_uncached", "standard", 0)
OPUS_KEY = "anthropic|api|global|claude-opus-4-8|input_uncached|standard|0|always"
MINI = ("gpt-5-mini", "input_uncached", "standard", 0)
OLD, NEW = Decimal(5), Decimal(1)
"""Of a model that the page names no batch price of: one that stays above would be a reason of its own to hold it."""


@pytest.fixture
def pages(sites) -> dict[str, bytes]:
    """Anthropic's page before and after a cut of 80 % in one price, the first one in force."""
    before = sites.recorded(ANTHROPIC, RECORDED_ON)
    after = before.replace(b"| Claude Opus 4.8 | $5 /", b"| Claude Opus 4.8 | $1 /", 1)
    assert after != before
    sites.promote(ANTHROPIC, before, FIRST)
    return {"before": before, "after": after}


def hold(sites) -> dict[str, Any]:
    (row,) = sites.table("core.price_hold").to_dicts()
    return row


def versions(sites) -> list[tuple[Any, ...]]:
    """The current versions of Opus's input price: from, to, price."""
    where = "model = 'claude-opus-4-8' AND meter = 'input_uncached' AND service_tier = 'standard' AND known_to IS NULL"
    return (
        sites.table("core.token_price", where)
        .select("valid_from", "valid_to", "usd_per_unit")
        .sort("valid_from")
        .rows()
    )


def test_a_cut_of_80_percent_is_held_and_told_once(sites, pages):
    before = sites.table("core.token_price")
    promotion = sites.promote(ANTHROPIC, pages["after"], CUT_AT)
    assert (promotion.outcome, promotion.held_count, promotion.change_count) == ("promoted", 1, 0)
    assert sites.table("core.token_price").equals(before)
    found = hold(sites)
    assert (found["book"], found["source"], found["price_key"]) == ("token_price", "anthropic_pricing", OPUS_KEY)
    assert (found["old_amount"], found["new_amount"], found["first_seen_at"]) == (OLD, NEW, CUT_AT)
    assert (found["status"], found["resolved_at"], found["resolution"]) == ("open", None, None)
    (moves,) = (check for check in promotion.checks if check.expectation.name == "moves_are_small")
    assert (moves.is_met, moves.is_blocking, moves.observed) == (False, False, "1 unexpected: beyond_bounds")

    assert raise_alerts(sites.warehouse, CUT_AT.date(), CUT_AT, {}) == 1
    (alert,) = sites.table("main.alert").to_dicts()
    assert (alert["rule"], alert["source"], alert["alert_on"]) == ("price_held", "anthropic_pricing", CUT_AT.date())
    assert (alert["old_value"], alert["new_value"]) == ("5.00 USD", "1.00 USD")
    assert "costs sources accept anthropic_pricing" in alert["body"]
    assert raise_alerts(sites.warehouse, CUT_AT.date(), CUT_LATER, {}) == 0
    assert raise_alerts(sites.warehouse, NEXT_DAY.date(), NEXT_DAY, {}) == 0


def test_the_same_day_does_not_confirm_but_the_next_does_from_first_sight(sites, pages):
    sites.promote(ANTHROPIC, pages["after"], CUT_AT)
    again = sites.promote(ANTHROPIC, pages["after"], CUT_LATER)
    assert (again.held_count, hold(sites)["status"], versions(sites)) == (1, "open", [(FIRST, None, OLD)])

    confirmed = sites.promote(ANTHROPIC, pages["after"], NEXT_DAY)

    assert (confirmed.held_count, confirmed.outcome) == (0, "promoted")
    found = hold(sites)
    assert (found["status"], found["resolved_at"]) == ("confirmed", NEXT_DAY)
    assert found["resolution"] == "printed again on a later day"
    assert versions(sites) == [(FIRST, CUT_AT, OLD), (CUT_AT, None, NEW)]
    known = sites.table("core.token_price", f"usd_per_unit = {NEW} AND valid_from = TIMESTAMP '{CUT_AT}'")
    assert known["known_from"].to_list() == [NEXT_DAY]
    assert sites.promote(ANTHROPIC, pages["after"], DAY_AFTER).change_count == 0


def test_a_person_accepts(sites, pages):
    sites.promote(ANTHROPIC, pages["after"], CUT_AT)
    accepted = approve_latest(sites.warehouse, ANTHROPIC, CUT_LATER)
    assert (accepted.outcome, accepted.held_count) == ("promoted", 0)
    found = hold(sites)
    assert (found["status"], found["resolution"]) == ("accepted", "accepted by a person")
    assert versions(sites) == [(FIRST, CUT_AT, OLD), (CUT_AT, None, NEW)]
    prices = sites.table("core.token_price")
    assert approve_latest(sites.warehouse, ANTHROPIC, CUT_LATER).change_count == 0
    assert sites.table("core.token_price").equals(prices)


def test_going_back_withdraws_it(sites, pages):
    before = sites.table("core.token_price")
    sites.promote(ANTHROPIC, pages["after"], CUT_AT)
    back = sites.promote(ANTHROPIC, pages["before"], NEXT_DAY)
    assert (back.held_count, back.change_count) == (0, 0)
    found = hold(sites)
    assert (found["status"], found["resolved_at"]) == ("withdrawn", NEXT_DAY)
    assert found["resolution"] == "the source no longer prints it"
    assert sites.table("core.token_price").equals(before)


def test_yet_another_price_begins_to_wait_anew(sites, pages):
    """Two different slips on two days are no two witnesses: 5, then 1, then 12."""
    sites.promote(ANTHROPIC, pages["after"], CUT_AT)
    other = pages["after"].replace(b"4.8 | $1 /", b"4.8 | $12 /", 1)
    assert sites.promote(ANTHROPIC, other, NEXT_DAY).held_count == 1
    holds = sites.table("core.price_hold").select("status", "new_amount", "first_seen_at").rows()
    assert sorted(holds) == [("open", Decimal(12), NEXT_DAY), ("withdrawn", NEW, CUT_AT)]
    assert versions(sites) == [(FIRST, None, OLD)]


def test_another_price_near_the_held_one_bears_it_out(sites, pages):
    """5, then 1, then 1.20: for the day between it was 1 (decision 0076)."""
    sites.promote(ANTHROPIC, pages["after"], CUT_AT)
    near = pages["after"].replace(b"4.8 | $1 /", b"4.8 | $1.20 /", 1)
    assert sites.promote(ANTHROPIC, near, NEXT_DAY).held_count == 0
    assert hold(sites)["status"] == "confirmed"
    assert versions(sites) == [(FIRST, CUT_AT, OLD), (CUT_AT, NEXT_DAY, NEW), (NEXT_DAY, None, Decimal("1.2"))]


def test_a_failed_fetch_between_changes_nothing_of_a_hold(sites, pages):
    sites.promote(ANTHROPIC, pages["after"], CUT_AT)
    sites.serve(ANTHROPIC, b"")
    assert sites.fetch(ANTHROPIC, NEXT_DAY).outcome == "failed"
    assert promote_latest(sites.warehouse, ANTHROPIC, NEXT_DAY).held_count == 0
    assert (hold(sites)["status"], versions(sites)) == ("open", [(FIRST, None, OLD)])
    sites.promote(ANTHROPIC, pages["after"], DAY_AFTER)
    assert (hold(sites)["status"], versions(sites)) == ("confirmed", [(FIRST, CUT_AT, OLD), (CUT_AT, None, NEW)])


def cut_mini_on_openai(page: bytes) -> bytes:
    """gpt-5-mini's standard input from 0.25 to 0.05 in the data of the page."""
    old, new = b"&quot;gpt-5-mini&quot;],[0,0.25]", b"&quot;gpt-5-mini&quot;],[0,0.05]"
    assert page.count(old) == 1
    return page.replace(old, new)


def cut_mini_in_the_feed(body: bytes) -> bytes:
    feed = json.loads(body)
    feed["gpt-5-mini"]["input_cost_per_token"] = 5e-08
    return json.dumps(feed).encode()


def test_two_sources_confirm_each_other_on_the_same_day(sites):
    page, feed = sites.recorded(OPENAI, RECORDED_ON), sites.recorded(LITELLM, RECORDED_ON)
    sites.promote(OPENAI, page, FIRST)
    sites.promote(LITELLM, feed, FIRST)
    assert sites.in_force(OPENAI, FIRST)[MINI] == sites.in_force(LITELLM, FIRST)[MINI] == Decimal("0.25")

    assert sites.promote(OPENAI, cut_mini_on_openai(page), CUT_AT).held_count == 1
    assert sites.in_force(OPENAI, CUT_AT)[MINI] == Decimal("0.25")
    second = sites.promote(LITELLM, cut_mini_in_the_feed(feed), CUT_AT)
    assert (second.held_count, sites.in_force(LITELLM, CUT_AT)[MINI]) == (0, Decimal("0.05"))
    third = sites.promote(OPENAI, cut_mini_on_openai(page), CUT_LATER)
    assert (third.held_count, sites.in_force(OPENAI, CUT_AT)[MINI]) == (0, Decimal("0.05"))

    holds = sites.table("core.price_hold").select("source", "status", "first_seen_at", "resolved_at", "resolution")
    assert sorted(holds.rows()) == [
        ("litellm", "confirmed", CUT_AT, CUT_AT, "openai_pricing prints the same price"),
        ("openai_pricing", "confirmed", CUT_AT, CUT_LATER, "litellm prints the same price"),
    ]


def test_a_second_source_with_another_price_is_no_witness(sites):
    page, feed = sites.recorded(OPENAI, RECORDED_ON), sites.recorded(LITELLM, RECORDED_ON)
    sites.promote(OPENAI, page, FIRST)
    sites.promote(LITELLM, feed, FIRST)
    sites.promote(OPENAI, cut_mini_on_openai(page), CUT_AT)
    other = cut_mini_in_the_feed(feed).replace(b"5e-08", b"6e-08")
    assert sites.promote(LITELLM, other, CUT_AT).held_count == 1
    assert sites.table("core.price_hold")["status"].to_list() == ["open", "open"]


def test_a_gpu_rate_is_held_too(sites):
    """The H100 SXM of the secure cloud from 3.29 to 0.329: a slipped point."""
    body = sites.recorded(RUNPOD, RECORDED_ON)
    sites.promote(RUNPOD, body, FIRST)
    before = sites.table("core.gpu_rate")
    assert sites.promote(RUNPOD, body.replace(b"3.29", b"0.329"), CUT_AT).held_count == 1
    assert sites.table("core.gpu_rate").equals(before)
    found = hold(sites)
    assert (found["book"], found["old_amount"], found["new_amount"]) == ("gpu_rate", Decimal("3.29"), Decimal("0.329"))


SHORT_ROWS = ("| Claude Opus 4.5", "| Claude Opus 4.1", "| Claude Sonnet 4.5", "| Claude Haiku 4.5")


def test_a_page_refused_for_its_row_count_can_be_accepted(sites, pages):
    """28 rows of 65 are gone, four models with seven prices each: each ends, and stays in force as no longer listed."""
    short = "\n".join(line for line in pages["before"].decode().splitlines() if not line.startswith(SHORT_ROWS))
    refused = sites.promote(ANTHROPIC, short.encode(), CUT_AT)
    assert (refused.outcome, refused.row_count) == ("refused", 37)
    assert refused.reason.startswith("keeps_rows: 37")

    accepted = approve_latest(sites.warehouse, ANTHROPIC, CUT_LATER)

    assert (accepted.outcome, accepted.row_count, accepted.change_count) == ("promoted", 37, 2 * 28)
    (acceptance,) = sites.table("raw.acceptance").to_dicts()
    assert (acceptance["source"], acceptance["accepted_at"]) == ("anthropic_pricing", CUT_LATER)
    (parsed,) = sites.table("raw.parse", f"fetched_at = TIMESTAMP '{CUT_AT}'").to_dicts()
    assert (parsed["outcome"], parsed["reason"], parsed["row_count"]) == ("promoted", None, 37)
    gone = sites.table("core.token_price", "known_to IS NULL AND NOT is_listed")
    assert set(gone["model"]) == {"claude-opus-4-5", "claude-opus-4-1", "claude-sonnet-4-5", "claude-haiku-4-5"}
    assert (gone.height, set(gone["valid_from"])) == (28, {CUT_AT})
    assert sites.promote(ANTHROPIC, short.encode(), NEXT_DAY).outcome == "promoted"


def test_no_person_can_accept_prices_that_no_model_has(sites, pages):
    """Acceptance overrules what is merely unlikely, not the bounds of a price."""
    before = sites.table("core.token_price")
    huge = pages["before"].replace(b" / MTok", b"000 / MTok").replace(b".50000", b"500").replace(b".2000", b"20")
    assert sites.promote(ANTHROPIC, huge, CUT_AT).outcome == "refused"
    accepted = approve_latest(sites.warehouse, ANTHROPIC, CUT_LATER)
    assert accepted.outcome == "refused"
    assert accepted.reason.startswith("usd_per_unit_in_bounds")
    assert sites.table("core.token_price").equals(before)


def test_an_acceptance_is_about_that_page_only(sites, pages):
    """A later page with another cut is held again."""
    sites.promote(ANTHROPIC, pages["after"], CUT_AT)
    approve_latest(sites.warehouse, ANTHROPIC, CUT_LATER)
    other = pages["after"].replace(b"| Claude Haiku 4.5 | $1 /", b"| Claude Haiku 4.5 | $0.10 /", 1)
    assert sites.promote(ANTHROPIC, other, NEXT_DAY).held_count == 1


def test_accepting_before_anything_was_fetched_is_refused(sites):
    refused = approve_latest(sites.warehouse, ANTHROPIC, FIRST)
    assert (refused.outcome, refused.reason) == ("refused", "nothing was fetched yet")
    assert sites.table("raw.acceptance").is_empty()


def test_the_same_page_is_checked_once_and_again_after_something_else_was_entered(sites, pages):
    """A page that has not changed was checked when it came. A refused one never passed, so it is asked again."""
    assert sites.promote(ANTHROPIC, pages["before"], CUT_AT).checks == []
    assert sites.promote(ANTHROPIC, pages["after"], NEXT_DAY).checks != []
    short = b"\n".join(pages["before"].splitlines()[:-40])
    first = sites.promote(ANTHROPIC, short, DAY_AFTER)
    second = sites.promote(ANTHROPIC, short, DAY_AFTER + timedelta(days=1))
    assert (first.outcome, second.outcome, second.reason) == ("refused", "refused", first.reason)


def test_the_same_page_is_checked_again_where_a_correction_came_between(sites, pages):
    with sites.warehouse.write() as connection:
        connection.execute("UPDATE core.token_price SET known_from = ? WHERE model = 'claude-opus-4-8'", [CUT_AT])
    assert sites.promote(ANTHROPIC, pages["before"], NEXT_DAY).checks != []
