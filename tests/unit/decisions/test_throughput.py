"""The reference benchmark and the capacity planned from it, against the published figures."""

from decimal import Decimal
from fractions import Fraction

import pytest

from pipelines.decisions.throughput import LLAMA_70B_SHORT, Assumptions, evidence, replicas_for, tokens_per_replica


def test_reference_is_the_published_figure() -> None:
    assert LLAMA_70B_SHORT.out_tok_s_per_gpu * LLAMA_70B_SHORT.gpus_per_replica == 4418


def test_capacity_counts_the_prompt_tokens_that_come_with_the_output() -> None:
    # 4,418 tokens a second for 2,628,000 seconds, half used: 5,805,252,000 of output, and as many again of input.
    assert tokens_per_replica({"output": 1}, Assumptions()) == 5_805_252_000
    assert tokens_per_replica({"input_uncached": 3, "cache_read": 4, "output": 7}, Assumptions()) == 11_610_504_000
    assert tokens_per_replica({"output": 1}, Assumptions(max_utilisation=Decimal(1))) == 11_610_504_000


@pytest.mark.parametrize(("tokens", "replicas"), [(0, 1), (1, 1), (10, 1), (11, 2), (21, 2), (22, 3)])
def test_replicas_are_whole_and_at_least_one(tokens: int, replicas: int) -> None:
    assert replicas_for(tokens, Fraction(21, 2)) == replicas


@pytest.mark.parametrize(("prompt", "is_beyond"), [(2000, False), (2001, True)])
def test_prompts_twice_as_long_as_the_benchmarks_are_flagged(prompt: int, is_beyond: bool) -> None:
    assert evidence({"input_uncached": prompt, "output": 1000}, Assumptions())["is_mix_beyond_reference"] is is_beyond
