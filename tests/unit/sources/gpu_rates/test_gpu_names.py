"""Names as RunPod and CoreWeave print them, taken apart by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.sources.gpu_rates.gpu_names import read_gpu_name


@pytest.mark.parametrize(
    ("text", "gpu", "variant", "memory_gb"),
    [
        ("NVIDIA A100-SXM4-80GB", "A100", "SXM", 80),
        ("NVIDIA A100 80GB PCIe", "A100", "PCIe", 80),
        ("Tesla V100-PCIE-16GB", "V100", "PCIe", 16),
        ("AMD Instinct MI300X OAM", "MI300X", "OAM", None),
        ("NVIDIA H100 NVL", "H100", "NVL", None),
        ("NVIDIA GB200 NVL72", "GB200", "NVL72", None),
        ("NVIDIA HGX H100", "H100", "SXM", None),
        ("NVIDIA B300 SXM6 AC", "B300", "SXM", None),
        ("NVIDIA GeForce RTX 4090", "RTX 4090", "", None),
        ("NVIDIA RTX 4000 SFF Ada Generation", "RTX 4000 Ada", "SFF", None),
        ("NVIDIA RTX PRO 6000 Blackwell Max-Q Workstation Edition", "RTX PRO 6000", "Max-Q Workstation", None),
        ("NVIDIA RTX PRO 6000 Blackwell Server Edition (High Memory)", "RTX PRO 6000", "Server", None),
        ("NVIDIA L40S", "L40S", "", None),
    ],
)
def test_a_name_is_taken_apart(text: str, gpu: str, variant: str, memory_gb: int | None) -> None:
    name = read_gpu_name(text)
    assert (name.gpu, name.variant, name.memory_gb, name.slice_gb) == (gpu, variant, memory_gb, None)


def test_a_slice_names_its_whole_card() -> None:
    name = read_gpu_name("NVIDIA B300 SXM6 AC MIG 1g.34gb")
    assert (name.gpu, name.slice_gb, name.whole_name) == ("B300", 34, "NVIDIA B300 SXM6 AC")


def test_a_token_is_never_found_inside_another() -> None:
    assert read_gpu_name("NVIDIA H100 NVLINK").variant == ""
    assert read_gpu_name("NVIDIA H100 NVLINK").gpu == "H100 NVLINK"


@pytest.mark.parametrize(
    "text", ["unknown", "", "NVIDIA", "H100 SXM PCIe", "A100 40GB 80GB", "<b>H100</b>", "A1" * 200]
)
def test_a_name_that_tells_no_one_card_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"name"):
        read_gpu_name(text)


@given(st.text(max_size=60))
def test_any_text_gives_a_model_with_a_digit_or_a_value_error(text: str) -> None:
    try:
        name = read_gpu_name(text)
    except ValueError:
        return
    assert any(character.isdigit() for character in name.gpu)
    assert len(name.gpu) <= 40
