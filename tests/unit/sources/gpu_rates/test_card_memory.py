"""Sizes as data sheets tell them, and as drivers reported them to a marketplace."""

from itertools import pairwise

import pytest

from pipelines.sources.gpu_rates.card_memory import CARD_GB, USABLE_SHARE, is_size_of, memory_gb_of_mib, only_memory_gb


@pytest.mark.parametrize(
    ("gpu", "variant", "mib", "memory_gb"),
    [
        ("B200", "", 183359, 180),
        ("H200", "", 143771, 141),
        ("H100", "SXM", 81559, 80),
        ("H100", "NVL", 95830, 94),
        ("A100", "SXM", 39936, 40),
        ("A100", "SXM", 40960, 40),
        ("A100", "PCIe", 81920, 80),
        ("L40S", "", 46068, 48),
    ],
)
def test_reported_memory_is_the_size_of_the_card(gpu: str, variant: str, mib: int, memory_gb: int) -> None:
    assert memory_gb_of_mib(gpu, variant, mib) == memory_gb


@pytest.mark.parametrize(
    ("gpu", "variant", "mib"),
    [("A100", "SXM", 61440), ("A100", "SXM", 0), ("H100", "SXM", 95830), ("H100", "", 81559), ("X1", "", 81559)],
)
def test_memory_of_no_known_size_is_refused(gpu: str, variant: str, mib: int) -> None:
    with pytest.raises(ValueError, match="no known size"):
        memory_gb_of_mib(gpu, variant, mib)


def test_a_card_of_two_sizes_or_an_unknown_one_has_no_only_memory() -> None:
    assert only_memory_gb("H100", "NVL") == 94
    for gpu, variant in (("A100", "SXM"), ("H100", ""), ("X1", "")):
        with pytest.raises(ValueError, match="not told and not known"):
            only_memory_gb(gpu, variant)


def test_no_two_sizes_of_a_card_fit_one_report() -> None:
    for sizes in CARD_GB.values():
        assert all(small < large * USABLE_SHARE for small, large in pairwise(sizes))


@pytest.mark.parametrize(
    ("gpu", "memory_gb", "is_made"),
    [("H100", 40, False), ("H100", 80, True), ("H100", 94, True), ("A100", 40, True), ("H200", 80, False),
     ("B200", 192, True), ("L40S", 45, True), ("a card of next year", 7, True)],
)  # fmt: skip
def test_cards_are_made_in_certain_sizes(gpu, memory_gb, is_made):
    assert is_size_of(gpu, memory_gb) is is_made
