"""Weights, KV cache by architecture, binary VRAM, cards."""

from decimal import Decimal
from fractions import Fraction

import pytest

from pipelines.decisions.self_hosting.memory import (
    GIB,
    Cards,
    cards_for,
    cards_needed,
    open_models,
    vram_bytes,
    weight_bytes,
)


def test_kv_of_latent_attention_does_not_grow_with_heads() -> None:
    """DeepSeek V3 and Kimi K2: 61 layers of a latent of 512 and a rope part of 64, two bytes each."""
    assert open_models()["deepseek-r1"].kv_bytes_per_token == 61 * (512 + 64) * 2 == 70_272
    assert open_models()["kimi-k2"].kv_bytes_per_token == 70_272


def test_windowed_layers_hold_a_constant() -> None:
    """gpt-oss-120b: 18 of 36 layers grow, 18 hold 128 tokens at most; 8 heads of 64."""
    model = open_models()["gpt-oss-120b"]
    assert model.kv_bytes_per_token == 2 * 18 * 8 * 64 * 2 == 36_864
    assert model.kv_windowed_bytes == 2 * 18 * 8 * 64 * 2 * 128 == 4_718_592
    assert model.kv_bytes(1000, 2) == 2 * (36_864_000 + 4_718_592)
    assert model.kv_bytes(1000, 2, bits=8) == 36_864_000 + 4_718_592


def test_vram_is_binary() -> None:
    """80 GiB are 85.9e9 bytes: a decimal 80 GB understates by 7 %."""
    assert vram_bytes()["H100", "SXM"] == 80 * GIB == 85_899_345_920
    assert vram_bytes()["H200", "SXM"] == 141 * GIB


def test_one_file_names_several_models() -> None:
    same = [open_models()[name] for name in ("llama-3.1-70b", "llama-3.3-70b")]
    assert same[0] is same[1] or same[0].parameters == same[1].parameters == 70_553_706_496
    assert open_models()["deepseek-r1-0528"].parameters == 671_000_000_000


def test_weights_with_overhead_and_unknown_sizes() -> None:
    assert weight_bytes(10**9, Decimal(2), Decimal("0.1")) == 2_200_000_000
    assert open_models()["glm-5.2"].weight_bytes("fp8") is None
    assert open_models()["qwen3-8b"].weight_bytes("nonsense") is None


def test_more_than_sixteen_cards_are_no_replica() -> None:
    assert cards_needed(Fraction(1024 * GIB), Fraction(0), 80 * GIB) == Cards(15, 16)
    assert cards_needed(Fraction(2048 * GIB), Fraction(0), 80 * GIB) is None
    with pytest.raises(ValueError, match="a card has memory"):
        cards_needed(Fraction(1), Fraction(0), 0)


def test_cards_for_requests_at_a_time() -> None:
    """70.55 GB of fp8 and 64 requests of 4,096 tokens at 327,680 B (85.9 GB) on cards of 77.3 usable GB: 3, so 4."""
    found = cards_for(open_models()["llama-3.3-70b"], "fp8", 4096, 64, vram_bytes()["H100", "SXM"])
    assert found == Cards(3, 4)
