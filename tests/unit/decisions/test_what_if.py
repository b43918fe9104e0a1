"""What-if by hand: what it costs elsewhere, from low to high, what the switch pays once, and what is not known."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest

from pipelines.costs.reprice import EQUAL, Factors, Target, edges_before
from pipelines.costs.usage_buckets import cached_prefixes, size_edges, usage_buckets
from pipelines.decisions.alternatives import targets_of_scenario
from pipelines.decisions.answer_what_if import answer_scenario
from pipelines.decisions.scenario import Scenario
from pipelines.decisions.scenario_file import read_scenario
from pipelines.decisions.what_if import Asked, WhatIf, cheapest, what_if
from pipelines.decisions.what_if_question import WhatIfQuestion
from pipelines.schema.price_segments import SEGMENT_SCHEMA
from pipelines.usage.contract import usage_frame
from pipelines.warehouse.published import PublishedWarehouse
from tests.unit.costs.priced_rows import BUCKET, NOON, REQUEST, segment

DAY = date(2025, 12, 1)
CLAUDE = {"provider": "anthropic", "model": "claude"}
AT_CLAUDE = Target("anthropic", "api", "global", "claude")
AT_SMALL = Target("openai", "api", "global", "small")
PRICES = [
    segment("input_uncached", 2, 0),
    segment("cache_read", "0.2", 1),
    segment("output", 8, 2),
    segment("input_uncached", 1, 10, **CLAUDE),
    segment("cache_read", "0.1", 11, **CLAUDE),
    segment("cache_write_5m", "1.25", 12, **CLAUDE),
    segment("output", 5, 13, **CLAUDE),
    segment("input_uncached", "0.5", 20, model="small"),
    segment("output", 1, 21, model="small"),
]
MTOK = 1_000_000
CALL = {"input_uncached_tokens": MTOK, "cache_read_tokens": MTOK, "output_tokens": MTOK, "conversation_id": "c"}


def asked(*targets: Target, low: Factors = EQUAL, high: Factors = EQUAL, **by_class: list[Target]) -> Asked:
    segments = pl.DataFrame(PRICES, schema=SEGMENT_SCHEMA)
    named: dict[str | None, list[Target]] = {None: list(targets), **by_class}
    return Asked(named, DAY, segments, low, high)


def rows_of(question: Asked, *usage: dict[str, object], classes: pl.Expr | None = None) -> list[WhatIf]:
    frame = usage_frame(REQUEST | {"usage_id": str(number)} | row for number, row in enumerate(usage))
    days = {day: frame.filter(usage_date=day).lazy() for day in frame["usage_date"].unique()}
    edges = edges_before(size_edges(question.segments), (EQUAL, question.low, question.high))
    task_class = pl.lit(None, pl.String) if classes is None else classes
    buckets = usage_buckets(days, edges, by_minute=False, by={"task_class": task_class})
    return what_if(buckets, cached_prefixes(days, buckets, edges), question)


def test_one_call_elsewhere() -> None:
    """2 + 0.2 + 8 where it is; 1 + 0.1 + 5 there; once (1.25 - 0.1) for the million that is cached."""
    (row,) = rows_of(asked(AT_CLAUDE), CALL)
    assert (row.listed.spent_usd, row.listed.same_usd) == (Decimal("10.2"), Decimal("10.2"))
    assert (row.listed.low_usd, row.listed.high_usd) == (Decimal("6.1"), Decimal("6.1"))
    assert row.listed.cold_cache_usd == Decimal("1.15")
    assert row.listed.is_cheaper
    # It reads what nobody counted as written, and the target bills writes.
    assert row.lacks_writes


def test_factors_make_it_a_range() -> None:
    """Tokens as they are to 1.5 of them, answers half as long to as long: 1 + 0.1 + 2.5 to 1.5 * 6.1."""
    low, high = Factors(Fraction(1), Fraction(1, 2)), Factors(Fraction(3, 2), Fraction(1))
    (row,) = rows_of(asked(AT_CLAUDE, low=low, high=high), CALL)
    assert (row.listed.low_usd, row.listed.high_usd) == (Decimal("3.6"), Decimal("9.15"))
    assert row.listed.same_usd == Decimal("10.2")


def test_a_target_without_a_cache_has_nothing_to_warm() -> None:
    (row,) = rows_of(asked(AT_SMALL), CALL)
    assert row.listed.low_usd == Decimal("0.5") * 2 + 1
    assert row.mapped == (("cache_read", "input_uncached"),)
    assert row.listed.cold_cache_usd == 0


def test_staying_costs_no_cold_cache() -> None:
    (row,) = rows_of(asked(Target(model="gpt-5-mini")), CALL)
    assert (row.listed.low_usd, row.listed.cold_cache_usd, row.lacks_writes) == (Decimal("10.2"), 0, False)


def test_what_a_report_reads_has_no_prefix_in_the_data() -> None:
    (row,) = rows_of(asked(AT_CLAUDE), BUCKET | {"cache_read_tokens": MTOK})
    assert row.listed.cold_cache_usd is None
    assert row.listed.low_usd == Decimal("0.1")


def test_a_missing_price_is_unknown_never_zero() -> None:
    (row,) = rows_of(asked(Target(model="nobody")), CALL)
    assert (row.listed.low_usd, row.listed.high_usd, row.listed.cold_cache_usd) == (None, None, None)
    assert dict(row.reasons) == dict.fromkeys(("input_uncached", "cache_read", "output"), "unknown_model")
    (audio,) = rows_of(asked(AT_CLAUDE), CALL | {"audio_input_tokens": 5})
    assert (audio.listed.low_usd, audio.reasons) == (None, (("audio_input", "no_price_for_meter"),))
    assert audio.listed.spent_usd is None


def test_the_cheapest_of_the_class_that_beats_staying() -> None:
    question = asked(big=[AT_CLAUDE, AT_SMALL], none=[Target(model="gpt-5-mini")])
    by_feature = pl.col("feature").replace_strict({"write": "big", "tag": "none"}, default=None)
    rows = rows_of(question, CALL | {"feature": "write"}, CALL | {"feature": "tag"}, CALL, classes=by_feature)
    assert [(row.source["task_class"], row.target["model"]) for row in rows] == [
        ("big", "small"),
        ("big", "claude"),
        ("none", "gpt-5-mini"),
    ]
    assert [row.target["model"] for row in cheapest(rows).values()] == ["small"]


def test_usage_of_several_days_and_offers_is_apart_and_adds_up() -> None:
    usage = [CALL, CALL | {"usage_at": NOON + timedelta(days=3)}, CALL | CLAUDE]
    rows = rows_of(asked(AT_SMALL), *usage)
    assert [(row.source["model"], row.usage_rows, row.listed.low_usd) for row in rows] == [
        ("gpt-5-mini", 2, Decimal(4)),
        ("claude", 1, Decimal(2)),
    ]


QUESTION = WhatIfQuestion(DAY, DAY, DAY, target=Target("unknown", "api", "global", "gpt-4o-mini"))


def test_a_scenario_on_a_checkout_without_a_run(tmp_path: Path) -> None:
    """The support bot: 300,000 * 1.05 calls of 2,900 tokens in and 300 out: 913.5 and 94.5 million."""
    answer = answer_scenario(PublishedWarehouse(tmp_path), read_scenario("support-bot"), QUESTION)
    (row,) = answer["rows"]
    assert row["tokens"] == {"input_uncached": 913_500_000, "output": 94_500_000, "requests": 315_000}
    assert row["same_usd"] == "1197"  # golden case G02, at its own 1 and 3 dollars
    assert Decimal(row["low_usd"]) == Decimal("913.5") * Decimal("0.15") + Decimal("94.5") * Decimal("0.60")
    assert row["spent_usd"] is None
    assert answer["factors"] == {"tokenizer": ["1", "1"], "output_length": ["1", "1"]}


def test_a_conversation_that_is_cached_is_cold_once(tmp_path: Path) -> None:
    """240 calls a day of 4 turns: 10 an hour, 20 in the busiest, 5 conversations.

    The last turn reads 100 + 3 * (10 + 40) = 250 tokens, so 1,250 are sent at 0.15 in place of 0.075.
    """
    scenario = Scenario(
        name="chat",
        calls_per_day=Decimal(240),
        peak_over_mean=Decimal(2),
        user_tokens=10,
        output_tokens=40,
        system_tokens=100,
        turns=4,
        cache_prefix="conversation",
        model="gpt-4o",
    )
    (row,) = answer_scenario(PublishedWarehouse(tmp_path), scenario, QUESTION)["rows"]
    assert Decimal(row["cold_cache_usd"]) == Decimal(1250) * Decimal("0.075") / MTOK


def test_a_scenario_is_compared_with_the_models_of_its_class(tmp_path: Path) -> None:
    bot = read_scenario("support-bot")
    proposed, word = targets_of_scenario(tmp_path, bot)
    assert "gpt-4o-mini" in [one.model for one in proposed]
    assert "propose" in word
    (tmp_path / "task_classes.csv").write_text("task_class,kind,id\nsmall,alternative,own-model\n")
    own, word = targets_of_scenario(tmp_path, bot)
    assert [one.model for one in own] == ["own-model"]
    assert "task_classes.csv" in word
    with pytest.raises(ValueError, match="name a model with --to"):
        targets_of_scenario(tmp_path, Scenario(calls_per_day=Decimal(1), user_tokens=1, output_tokens=1))
