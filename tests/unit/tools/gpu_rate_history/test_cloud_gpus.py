"""The table of cloud GPUs, on lines copied from its versions of 2022 to 2025; figures by hand."""

from decimal import Decimal

import pytest

from pipelines.schema.gpu_rates import GpuRateObservation
from pipelines.sources.parsed import ParseError
from tools.gpu_rate_history.cloud_gpus import parse

HEADER = "Cloud,GPU Type,GPU Arch,GPUs,GPU RAM,vCPUs,RAM,On-demand,Per-GPU,Spot,Name\n"
GOOD = "AWS,T4 (16 GB),Turing,1,16,4,16,0.53,0.53,,g4dn.xlarge\n"


def read(*lines):
    parsed = parse((HEADER + GOOD + "".join(f"{line}\n" for line in lines)).encode())
    GpuRateObservation.validate(parsed.rows)
    return parsed.rows, parsed.rejects


def rates(*lines):
    parsed = parse((HEADER + "".join(f"{line}\n" for line in lines)).encode())
    return GpuRateObservation.validate(parsed.rows)


def test_an_instance_is_divided_by_its_gpus_with_and_without_the_dollar_sign():
    table = rates(
        "AWS,A100 (40 GB),Ampere,8,320,96,1152,$32.77,$4.10,$9.83,p4d.24xlarge",
        "Oracle Cloud,H100 (80 GB),Hopper,8,640,,,80.00,10.00,,BM.GPU.H100.8",
    )
    columns = ("provider", "sku", "gpu", "memory_gb", "gpu_count", "pricing", "usd_per_gpu_hour", "printed")
    assert table.select(columns).rows() == [
        ("aws", "p4d.24xlarge", "A100", 40, 8, "on_demand", Decimal("4.09625"), "$32.77"),
        ("aws", "p4d.24xlarge", "A100", 40, 8, "spot", Decimal("1.22875"), "$9.83"),
        ("oracle", "BM.GPU.H100.8", "H100", 80, 8, "on_demand", Decimal(10), "80.00"),
    ]
    assert set(table["tier"]) == {"not_told"}


@pytest.mark.parametrize(
    ("line", "card"),
    [
        ("NovoNimbus,H100 HGX (80GB),Hopper,1,80,12,125,4.78,4.78,,", ("H100", "SXM", 80)),
        ("NovoNimbus,H100 PCIe (80GB),Hopper,1,80,12,125,4.29,4.29,,", ("H100", "PCIe", 80)),
        ("NovoNimbus,RTX A6000 (48 GB),Ampere,1,48,12,125,0.89,0.89,,", ("RTX A6000", "", 48)),
        ("Lambda,A6000 (48 GB),Ampere,4,192,56,400,3.20,0.80,,", ("RTX A6000", "", 48)),
        ("AWS,T4 (16),Turing,1,16,16,64,1.20,1.20,,x", ("T4", "", 16)),
        ("Oracle Cloud,A10,Ampere,2,48,30,480,4.00,2.00,,VM.GPU.A10.2", ("A10", "", 24)),
        ("FluidStack,H100 (80 GB),Hopper,8,80,384,1024,38.08,4.76,,", ("H100", "", 80)),
        ("Jarvislabs,RTX5000 (16GB),Turing,1,16,7,32,0.49,0.49,,", ("Quadro RTX 5000", "", 16)),
    ],
)
def test_cards_are_named_as_elsewhere(line, card):
    assert rates(line).select("gpu", "variant", "memory_gb").row(0) == card


def test_an_instance_without_a_name_is_told_by_what_it_holds():
    assert rates("Lambda,H100 (80 GB),Hopper,1,80,26,200,1.99,1.99,,")["sku"].item() == (
        "1x H100 80 GB, 26 vCPUs, 200 GB RAM"
    )


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("Cudo Compute,A4000 (16 GB),Ampere,4,64,32,64,1.44,0.29,,", "Per-GPU is not the instance price over the GPUs"),
        ("Oblivus Cloud,RTX4000 (8 GB),Turing,1,8,4,16,0.41,0.27,,", "Per-GPU is not the instance price over the GPUs"),
        ("Exoscale,3080Ti (12 GB),Ampere,2,24,24,112,,1.70868,,GPU3080Ti MEDIUM", "no instance price"),
        ("AWS,T4 (16 GB),Turing,1,16,4,16,ask,0.53,,x", "a price that is no amount"),
        ("AWS,T4 (16 GB),Turing,1,16,4,16,0,0,,x", "a price that is no amount"),
        ("AWS,T4 (16 GB),Turing,two,16,4,16,1,1,,x", "GPUs is no whole number"),
        ("AWS,Radeon,RDNA,1,16,4,16,1,1,,x", "no model number in the name"),
        ("AWS,A10,Ampere,3,64,4,16,3,1,,x", "the memory of one GPU is not told"),
        ("Nobody,T4 (16 GB),Turing,1,16,4,16,1,1,,x", "a provider that is not known"),
    ],
)
def test_a_line_that_does_not_tell_one_rate_is_left_out_with_the_reason(line, reason):
    _, rejects = read(line)
    assert rejects.select("reason").rows() == [(reason,)]
    assert rejects["place"].item().startswith("line 3: ")


def test_equal_lines_are_one_rate_and_differing_ones_none():
    """As printed in 2025: g4dn.4xlarge three times, and Cudo's A4000 at 0.30 and at 0.32."""
    cudo = "Cudo Compute,A4000 (16 GB),Ampere,1,16,2,4,0.{0},0.{0},,"
    parsed = parse((HEADER + 3 * GOOD + cudo.format("30") + "\n" + cudo.format("32") + "\n").encode())
    assert parsed.rows["sku"].to_list() == ["g4dn.xlarge"]
    assert parsed.rejects["reason"].to_list() == 2 * ["one instance at different prices"]


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"<html></html>", b"Cloud,GPU Type\nAWS,T4\n", HEADER.encode()])
def test_another_file_is_refused(body):
    with pytest.raises(ParseError):
        parse(body)


@pytest.mark.parametrize("line", ["AWS,T4 (16 GB)", GOOD.strip() + ",one more"])
def test_a_line_of_another_length_is_left_out(line):
    _, rejects = read(line)
    assert rejects.height == 1
