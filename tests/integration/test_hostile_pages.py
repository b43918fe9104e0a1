"""Pages that are not what they were: whatever comes, what was last good stays in force, and people are told why."""

import itertools
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from pipelines.demo.replay import recorded_sources
from pipelines.snapshots.load_body import Promotion, promote_latest
from pipelines.sources.catalog import SOURCES, SOURCES_BY_KEY, Source
from pipelines.sources.parsed import ParseError
from pipelines.warehouse.marts import build_mart, marts
from tests.loopback import Reply
from tests.unit.sources.test_parsed import HEADINGLESS as GROQ_WITHOUT_HEADING

GOOD_AT, BAD_AT, HEALED_AT = datetime(2026, 7, 29, 8), datetime(2026, 7, 30, 8), datetime(2026, 7, 31, 8)
RECORDED_ON = date(2026, 7, 29)
ANTHROPIC, LITELLM = SOURCES_BY_KEY["anthropic_pricing"], SOURCES_BY_KEY["litellm"]
HAIKU = "| Claude Haiku 4.5 | $1 / MTok |"
BOT_WALL = (
    b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>Checking your browser.</body></html>"
)

Change = Callable[[str], str]


def rows_at(sites: Any, name: str, at: datetime) -> list[dict[str, Any]]:
    return sites.table(name, f"fetched_at = TIMESTAMP '{at}'").to_dicts()


def health(sites: Any, source: Source, on: date) -> dict[str, Any]:
    """The row of main.source_health, built as a run does."""
    (mart,) = (mart for mart in marts() if mart.table.name == "source_health")
    build_mart(sites.warehouse, mart, [on])
    return sites.table("main.source_health", f"source = '{source.key}' AND as_of = DATE '{on}'").row(0, named=True)


def assert_failing(sites: Any, source: Source, reason: str) -> None:
    seen = health(sites, source, BAD_AT.date())
    assert (seen["status"], seen["consecutive_failures"], seen["failing_since"]) == ("failing", 1, BAD_AT)
    assert (seen["last_attempt_at"], seen["last_success_at"]) == (BAD_AT, GOOD_AT)
    assert reason in seen["reason"]


def assert_healed(sites: Any, source: Source, promotion: Promotion) -> None:
    assert (promotion.outcome, promotion.change_count) == ("promoted", 0)
    seen = health(sites, source, HEALED_AT.date())
    assert (seen["status"], seen["consecutive_failures"], seen["reason"]) == ("ok", 0, None)
    assert seen["last_success_at"] == HEALED_AT


def thousandfold(page: str) -> str:
    return re.sub(r"\$([\d.]+) / MTok", lambda price: f"${Decimal(price[1]) * 1000} / MTok", page)


def hundredfold_down(page: str) -> str:
    """Cents printed as dollars stay within what a price may be, so only the movement gives them away."""
    return re.sub(r"\$([\d.]+) / MTok", lambda price: f"${Decimal(price[1]) / 100} / MTok", page)


def without_opus_4_5_and_older(page: str) -> str:
    """41 token prices fewer than 65 are 63 %; still more than the 20 that any healthy page has."""
    gone = ("| Claude Opus 4.5", "| Claude Opus 4.1", "| Claude Sonnet 4.5", "| Claude Haiku 4.5")
    return "\n".join(line for line in page.splitlines() if not line.startswith(gone))


REFUSED: dict[str, tuple[Source, Change, str]] = {
    "blank": (ANTHROPIC, lambda page: " \n", "found: no table"),
    "tables renamed": (ANTHROPIC, lambda page: page.replace("Base Input", "Input"), "no model pricing table"),
    "truncated JSON": (LITELLM, lambda page: page[: len(page) // 2], "not a whole JSON document"),
    "JSON of another kind": (LITELLM, lambda page: f"[{page}]", "expected a JSON dict, got list"),
    "thousandfold": (ANTHROPIC, thousandfold, "usd_per_unit_in_bounds"),
    "hundredfold down": (ANTHROPIC, hundredfold_down, "unit_is_plausible"),
    "fewer rows": (ANTHROPIC, without_opus_4_5_and_older, "keeps_rows: 37 (expected: at least 80 % of the rows"),
    "one row": (ANTHROPIC, lambda page: page[: page.index("| Claude Opus 4.8")], "has_rows: 5"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_page_that_is_not_the_page_is_refused(sites, case):
    source, change, reason = REFUSED[case]
    good = sites.recorded(source, RECORDED_ON)
    sites.promote(source, good, GOOD_AT)
    before = sites.table("core.token_price")

    promotion = sites.promote(source, change(good.decode()).encode(), BAD_AT)

    assert promotion.outcome == "refused"
    assert reason in promotion.reason
    assert sites.table("core.token_price").equals(before)
    assert sites.table("core.price_hold").is_empty()
    (fetched,), (parsed,) = (rows_at(sites, name, BAD_AT) for name in ("raw.fetch", "raw.parse"))
    assert (fetched["outcome"], fetched["status"], fetched["error"]) == ("new", 200, None)
    assert (sites.warehouse.folder / fetched["archive_path"]).is_file()
    assert (parsed["outcome"], parsed["reason"], parsed["change_count"]) == ("refused", promotion.reason, 0)
    assert_failing(sites, source, reason)
    assert_healed(sites, source, sites.promote(source, good, HEALED_AT))
    assert sites.table("core.token_price").equals(before)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.key)
def test_no_parser_finds_a_row_in_a_bot_wall(source):
    with pytest.raises(ParseError):
        source.parse(BOT_WALL)


@pytest.mark.parametrize("source", recorded_sources(), ids=lambda source: source.key)
def test_no_source_takes_a_bot_wall_for_its_page(sites, source):
    sites.promote(source, sites.recorded(source, RECORDED_ON), GOOD_AT)
    before = sites.table(f"core.{source.table}")
    promotion = sites.promote(source, BOT_WALL, BAD_AT)
    assert (promotion.outcome, promotion.row_count) == ("refused", 0)
    assert sites.table(f"core.{source.table}").equals(before)
    assert_failing(sites, source, promotion.reason)


def test_a_row_without_heading_is_one_reject_and_the_rest_enters(sites):
    """A real pricing page whose first table stands below nothing."""
    groq = replace(SOURCES_BY_KEY["groq_pricing"], min_rows=1)
    promotion = sites.promote(groq, GROQ_WITHOUT_HEADING, GOOD_AT)
    assert (promotion.outcome, promotion.row_count, promotion.reject_count) == ("promoted", 3, 1)
    assert sites.table("raw.source_reject")["place"].to_list() == ["somewhere on the page"]


NO_BODY: dict[str, tuple[Reply, int | None, str]] = {
    "empty": (Reply(body=b""), 200, "the body is empty"),
    "endless": (Reply(chunks=itertools.repeat(b"x" * 4096)), None, "body larger than 20000 bytes"),
    "huge by its own word": (Reply(body=b"x", headers={"Content-Length": "20001"}), None, "20001 bytes announced"),
    "cut off": (Reply(body=b"| Model |", headers={"Content-Length": "999"}), None, "IncompleteRead"),
    "redirect": (
        Reply(302, headers={"Location": "http://elsewhere.invalid/"}),
        None,
        "a foreign host elsewhere.invalid",
    ),
    "not found": (Reply(404), 404, "HTTP 404"),
    "server error": (Reply(503), 503, "HTTP 503"),
    "hangs up": (Reply(0), None, "ConnectionError"),
}


@pytest.mark.parametrize("case", NO_BODY)
def test_an_answer_without_a_whole_body_is_a_failed_fetch(sites, case):
    reply, status, reason = NO_BODY[case]
    source = replace(ANTHROPIC, max_bytes=20_000)
    good = sites.recorded(source, RECORDED_ON)
    sites.promote(source, good, GOOD_AT)
    before = sites.table("core.token_price")

    sites.serve(source, reply)
    attempt = sites.fetch(source, BAD_AT)

    assert attempt.outcome == "failed"
    assert attempt.error.count(reason) == len(source.urls) == 2
    (fetched,) = rows_at(sites, "raw.fetch", BAD_AT)
    assert (fetched["outcome"], fetched["status"], fetched["error"]) == ("failed", status, attempt.error)
    assert [fetched[name] for name in ("sha256", "archive_path", "size_bytes")] == [None] * 3
    assert rows_at(sites, "raw.parse", BAD_AT) == []
    assert promote_latest(sites.warehouse, source, BAD_AT).change_count == 0
    assert sites.table("core.token_price").equals(before)
    assert_failing(sites, source, reason)
    assert_healed(sites, source, sites.promote(source, good, HEALED_AT))


def test_the_second_form_of_a_page_is_asked_where_the_first_fails(sites):
    sites.serve(ANTHROPIC, sites.recorded(ANTHROPIC, RECORDED_ON))
    sites.server.script("/platform.claude.com/docs/en/about-claude/pricing.md", Reply(404))
    attempt = sites.fetch(ANTHROPIC, GOOD_AT)
    assert (attempt.outcome, attempt.error) == ("new", None)
    assert attempt.url.endswith("/platform.claude.com/docs/en/about-claude/pricing")
    assert promote_latest(sites.warehouse, ANTHROPIC, GOOD_AT).row_count == 65


def haiku_at(printed: str) -> Change:
    return lambda page: page.replace(HAIKU, f"| Claude Haiku 4.5 | {printed} |", 1)


def luna_at(printed: str) -> Change:
    """Put a JSON literal where the feed prices the input of gpt-5.6-luna."""

    def changed(page: str) -> str:
        start = page.index('"gpt-5.6-luna"')
        return page[:start] + page[start:].replace(
            '"input_cost_per_token": 1e-06', f'"input_cost_per_token": {printed}', 1
        )

    return changed


HAIKU_INPUT = ("claude-haiku-4-5", "input_uncached", "standard", 0)
LUNA_INPUT = ("gpt-5.6-luna", "input_uncached", "standard", 0)
NOT_A_PRICE = "not exactly a price per MTok"
BAD_ROWS = {
    "page -1": (ANTHROPIC, haiku_at("$-1 / MTok"), HAIKU_INPUT, "$-1 / MTok", "usd_per_unit|min"),
    "page NaN": (ANTHROPIC, haiku_at("$NaN / MTok"), HAIKU_INPUT, "$NaN / MTok", NOT_A_PRICE),
    "page 1e12": (ANTHROPIC, haiku_at("$1000000000000 / MTok"), HAIKU_INPUT, "$1000000000000 / MTok", NOT_A_PRICE),
    "page 5000": (ANTHROPIC, haiku_at("$5,000 / MTok"), HAIKU_INPUT, "$5,000 / MTok", "usd_per_unit|max"),
    "feed -1": (LITELLM, luna_at("-1e-06"), LUNA_INPUT, "input_cost_per_token: -0.000001", "usd_per_unit|min"),
    "feed 0": (LITELLM, luna_at("0"), LUNA_INPUT, "0", "the feed prints 0 for unknown too"),
    "feed NaN": (LITELLM, luna_at("NaN"), LUNA_INPUT, "NaN", "not a finite number"),
    "feed 1e12": (LITELLM, luna_at("1e12"), LUNA_INPUT, "1E+12", "not a finite number"),
    "feed text": (LITELLM, luna_at('"1e-06"'), LUNA_INPUT, "1e-06", "not a finite number"),
}


@pytest.mark.parametrize("case", BAD_ROWS)
def test_one_bad_price_is_refused_alone(sites, case):
    """The page also cuts one other price by a third, which has to arrive."""
    source, change, key, raw_text, reason = BAD_ROWS[case]
    good = sites.recorded(source, RECORDED_ON).decode()
    sites.promote(source, good.encode(), GOOD_AT)
    before = sites.in_force(source, GOOD_AT)
    cut = {
        ANTHROPIC.key: ("| Claude Fable 5 | $10 ", "| Claude Fable 5 | $7 ", "claude-fable-5"),
        LITELLM.key: ('"input_cost_per_token": 1e-05,', '"input_cost_per_token": 7e-06,', "claude-fable-5"),
    }[source.key]
    bad = change(good.replace(*cut[:2], 1))
    assert bad != good

    promotion = sites.promote(source, bad.encode(), BAD_AT)

    assert (promotion.outcome, promotion.reject_count) == ("promoted", 1)
    (refused,) = sites.table("raw.source_reject").to_dicts()
    assert (refused["source"], refused["raw_text"], refused["reason"]) == (source.key, raw_text, reason)
    assert key[0] in refused["place"] or "Claude Haiku 4.5" in refused["place"]
    assert before[key] == 1
    changed = {(cut[2], "input_uncached", "standard", 0): Decimal(7)}
    assert sites.in_force(source, BAD_AT) == before | changed
    (parsed,) = rows_at(sites, "raw.parse", BAD_AT)
    assert (parsed["outcome"], parsed["reject_count"], parsed["reason"]) == ("promoted", 1, None)
    assert health(sites, source, BAD_AT.date())["reject_count"] == 1


def test_a_price_of_nothing_on_a_page_is_held(sites):
    """Free is a price that providers do print, so it is not refused; but it takes two witnesses."""
    good = sites.recorded(ANTHROPIC, RECORDED_ON).decode()
    sites.promote(ANTHROPIC, good.encode(), GOOD_AT)
    before = sites.in_force(ANTHROPIC, GOOD_AT)
    promotion = sites.promote(ANTHROPIC, haiku_at("$0 / MTok")(good).encode(), BAD_AT)
    assert (promotion.outcome, promotion.held_count, promotion.reject_count) == ("promoted", 1, 0)
    assert sites.in_force(ANTHROPIC, BAD_AT) == before


def test_a_hostile_name_is_kept_as_text_and_not_run(sites):
    """What a page says goes into the tables as bound text, SQL and markup included."""
    feed = json.loads(sites.recorded(LITELLM, RECORDED_ON))
    name = "x'); DROP TABLE core.token_price; -- [bold]"
    feed[name] = {"litellm_provider": "openai", "input_cost_per_token": 1e-06}
    promotion = sites.promote(LITELLM, json.dumps(feed).encode(), GOOD_AT)
    assert promotion.row_count == 118
    assert sites.in_force(LITELLM, GOOD_AT)[(name, "input_uncached", "standard", 0)] == 1


@pytest.mark.parametrize("printed", ["$-1 / MTok", "$NaN / MTok"])
def test_a_refused_row_is_not_a_vanished_one(sites, printed):
    """The source still prints the price, only not so that we can believe it: nothing is said to have gone."""
    good = sites.recorded(ANTHROPIC, RECORDED_ON).decode()
    sites.promote(ANTHROPIC, good.encode(), GOOD_AT)

    promotion = sites.promote(ANTHROPIC, haiku_at(printed)(good).encode(), BAD_AT)

    assert (promotion.outcome, promotion.reject_count, promotion.change_count) == ("promoted", 1, 0)
    assert sites.table("core.token_price", "NOT is_listed").is_empty()
