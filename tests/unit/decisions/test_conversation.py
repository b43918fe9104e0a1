"""History by turn against sums written out by hand, and against the prompts added up one by one."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.decisions.conversation import cache_write_of, conversation_of, exchanges_sent, input_by_turn
from pipelines.decisions.scenario import Scenario

EIGHT_TURNS = Scenario(
    calls_per_day=Decimal(8), user_tokens=120, output_tokens=250, system_tokens=400, retrieved_tokens=900, turns=8
)


def test_the_history_of_eight_turns_as_published() -> None:
    # 8*400 + 8*900 + 120*36 + 250*28 = 3,200 + 7,200 + 4,320 + 7,000 = 21,720
    assert input_by_turn(EIGHT_TURNS) == [1420, 1790, 2160, 2530, 2900, 3270, 3640, 4010]
    assert conversation_of(EIGHT_TURNS).prompt == 21_720
    assert conversation_of(EIGHT_TURNS).parts["history"].tokens == 370 * 28


def test_documents_that_stay_in_the_prompt_are_sent_again() -> None:
    # 900 * (0 + 1 + ... + 7) = 25,200 more
    assert conversation_of(replace(EIGHT_TURNS, keeps_retrieved=True)).prompt == 21_720 + 25_200


def test_a_window_of_three_exchanges() -> None:
    # 370 * (0 + 1 + 2 + 3 * 5) = 6,660 in place of 10,360
    assert conversation_of(replace(EIGHT_TURNS, window_exchanges=3)).prompt == 18_020


def test_a_prefix_that_is_read_from_the_second_turn_on() -> None:
    # 7 * 400 + 370 * 28 = 13,160
    read = conversation_of(replace(EIGHT_TURNS, cache_prefix="conversation"))
    assert (read.cache_read, read.written, read.misses) == (13_160, 0, 0)


def test_a_window_that_moves_on_breaks_the_prefix() -> None:
    # Turns 2, 3, 4 send 1, 2, 3 exchanges from the first on; later ones begin elsewhere: 7*400 + 370*(1 + 2 + 3)
    read = conversation_of(replace(EIGHT_TURNS, cache_prefix="conversation", window_exchanges=3)).cache_read
    assert read == 7 * 400 + 370 * 6


def test_where_writes_are_billed_an_answer_is_written_before_it_is_read() -> None:
    # Two turns: 400 + 120 are written, then read; the second turn writes the first answer and its own question.
    two = conversation_of(replace(EIGHT_TURNS, turns=2, cache_prefix="conversation", cache_write="5m"))
    assert (two.cache_read, two.written) == (520, 520 + 250 + 120)


def test_who_bills_writes() -> None:
    claude = replace(EIGHT_TURNS, model="claude-sonnet-4-5")
    assert cache_write_of(claude) == "5m"
    assert cache_write_of(replace(EIGHT_TURNS, model="gpt-5-mini")) == "none"
    stated = {"input_usd_per_mtok": Decimal(3), "output_usd_per_mtok": Decimal(15)}
    assert cache_write_of(replace(claude, **stated)) == "none"
    assert cache_write_of(replace(claude, **stated, cache_write_usd_per_mtok=Decimal("3.75"))) == "5m"


def test_a_head_of_fixed_length_that_hits_in_four_of_five_calls() -> None:
    # Golden case G04: 1,500 of 1,900 tokens, 80 %: 1,200 read, 300 missed, and written where that is billed.
    scenario = Scenario(
        calls_per_day=Decimal(1),
        user_tokens=1900,
        output_tokens=300,
        cacheable_tokens=1500,
        cache_hit_share=Decimal("0.8"),
    )
    one = conversation_of(scenario)
    assert (one.cache_read, one.written, one.misses) == (1200, 0, 300)
    assert conversation_of(replace(scenario, cache_write="5m")).written == 300


SIZES = st.integers(0, 5000)


@given(
    turns=st.integers(1, 60),
    window=st.none() | st.integers(0, 70),
    user=SIZES,
    output=SIZES,
    system=SIZES,
    retrieved=SIZES,
    keeps=st.booleans(),
)
def test_the_closed_sum_is_the_sum_of_the_turns(turns: int, window: int | None, **sizes: Any) -> None:
    scenario = Scenario(
        calls_per_day=Decimal(1),
        user_tokens=sizes["user"],
        output_tokens=sizes["output"],
        system_tokens=sizes["system"],
        retrieved_tokens=sizes["retrieved"],
        keeps_retrieved=sizes["keeps"],
        turns=turns,
        window_exchanges=window,
    )
    kept = sizes["retrieved"] if sizes["keeps"] else 0
    exchanges: list[int] = []
    prompts = []
    for _ in range(turns):
        sent = exchanges if window is None else exchanges[len(exchanges) - min(window, len(exchanges)) :]
        prompts.append(sizes["system"] + sizes["retrieved"] + sizes["user"] + sum(sent))
        exchanges.append(sizes["user"] + sizes["output"] + kept)
    assert input_by_turn(scenario) == prompts
    assert conversation_of(scenario).prompt == sum(prompts)


@given(
    turns=st.integers(1, 60),
    window=st.none() | st.integers(0, 70),
    write=st.sampled_from(["none", "5m"]),
    hits=st.decimals(0, 1, places=2),
    prefix=st.sampled_from(["none", "system", "conversation"]),
)
def test_what_is_cached_is_part_of_the_prompts(
    turns: int, window: int | None, write: str, hits: Decimal, prefix: str
) -> None:
    scenario = replace(
        EIGHT_TURNS,
        turns=turns,
        window_exchanges=window,
        cache_write=write,
        cache_hit_share=hits,
        cache_prefix=prefix,
    )
    one = conversation_of(scenario)
    assert one.cache_read >= 0
    assert one.written >= 0
    assert one.cache_read + one.written <= one.prompt


@pytest.mark.parametrize(("turns", "window", "sent"), [(1, None, 0), (5, None, 10), (8, 3, 18), (8, 0, 0), (3, 9, 3)])
def test_exchanges_sent(turns: int, window: int | None, sent: int) -> None:
    assert exchanges_sent(turns, window) == sent
