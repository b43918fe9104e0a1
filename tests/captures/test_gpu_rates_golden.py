"""Our parsers' captures beside another index's rates of 2026-10-10: every shared offer agrees or differs for a cause.

Captures are of 2026-09-29 (Oracle 2026-10-01). Compared are RunPod, Oracle, Nebius and CoreWeave. The captures of
Azure, Crusoe, Lambda and Vast.ai are excerpts that hold no offer of the same size, region and commitment.
"""

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.sources.gpu_rates import coreweave, nebius, oracle, runpod

SHARED = Path(__file__).parents[2].parent / "shared"
CAPTURES = SHARED / "pages" / "gpu_rates"
pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the captured pages are not on this machine")

RISE = "RunPod raised its secure rates between the capture and the day of the index"
PLACEHOLDER = "0.5 is RunPod's placeholder for a card that is not offered; the index took it for a price"
SPOT_MOVED = "a spot rate of another region or day: the capture shows Europe, the index names no region"
CAUSES = {
    ("runpod", "secure", "NVIDIA A100-SXM4-80GB", "on_demand"): ("1.59", "1.79", RISE),
    ("runpod", "secure", "NVIDIA B200", "on_demand"): ("6.79", "7.99", RISE),
    ("runpod", "secure", "NVIDIA B300 SXM6 AC", "on_demand"): ("7.89", "8.99", RISE),
    ("runpod", "secure", "NVIDIA H100 80GB HBM3", "on_demand"): ("3.49", "3.99", RISE),
    ("runpod", "secure", "NVIDIA H200", "on_demand"): ("4.59", "5.29", RISE),
    ("runpod", "secure", "NVIDIA B300 SXM6 AC MIG 1g.34gb", "on_demand"): (None, "0.5", PLACEHOLDER),
    ("runpod", "community", "NVIDIA B300 SXM6 AC MIG 1g.34gb", "on_demand"): (None, "0.5", PLACEHOLDER),
    ("runpod", "community", "AMD Instinct MI300X OAM", "on_demand"): (None, "0.5", PLACEHOLDER),
    ("coreweave", "kubernetes", "nvidia-b200", "spot"): ("4.35875", "4.2637", SPOT_MOVED),
    ("coreweave", "kubernetes", "nvidia-b300", "spot"): ("4.5875", "4.48", SPOT_MOVED),
}
ORACLE_SKUS = {"A100": "B95907", "B200": "B110978", "H100": "B98415", "H200": "B110519", "L40S": "B109479"} | {
    "MI300X": "B109485"
}
NOT_IN_CAPTURE = {
    ("coreweave", "kubernetes", sku, pricing)
    for sku in ("hgx-h100", "hgx-h200", "nvidia-l40s")
    for pricing in ("on_demand", "spot")
}
"""The capture of CoreWeave is an excerpt of six of its cards."""


def rows(parser, name):
    columns = ("provider", "tier", "sku", "pricing", "effective_from", "local_per_gpu_hour")
    return parser.parse((CAPTURES / name).read_bytes()).rows.select(columns).sort("effective_from").rows()


def ours():
    """Our rates by offer; of an offer with an announced rate, the one that holds on 2026-10-10."""
    captured = [
        *rows(runpod, "runpod_2026-09-29_full.json"),
        *rows(oracle, "oracle_2026-10-01_full.json"),
        *rows(nebius, "nebius_2026-09-29_excerpt.html"),
        *rows(coreweave, "coreweave_2026-09-29_excerpt.html"),
    ]
    return {tuple(key): usd for *key, _, usd in captured}


def theirs():
    """The index's rates under our names."""
    with (SHARED / "golden" / "gpu_rates_2026-10-10.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            tier, sku = "vm", row["sku"]
            if row["source"] == "runpod":
                tier = "secure" if "Secure" in row["provider"] else "community"
            elif row["source"] == "oracle":
                tier, sku = "standard", ORACLE_SKUS[row["gpu_model"].removesuffix("-80GB")]
            elif row["source"] == "coreweave":
                tier = "kubernetes"
            elif row["source"] != "nebius":
                continue
            yield (row["source"], tier, sku, row["pricing"]), row["usd_per_gpu_hour"]


def test_every_shared_offer_agrees_or_differs_for_a_stated_cause():
    """The index rounds to four digits. 20 of RunPod, 6 of Oracle, 4 of Nebius and 5 of CoreWeave are shared."""
    captured, different, compared = ours(), {}, 0
    for offer, usd in theirs():
        if offer in NOT_IN_CAPTURE:
            assert offer not in captured
            continue
        compared += 1
        found = captured.get(offer)
        if found is None or abs(found - Decimal(usd)) > Decimal("0.00005"):
            different[offer] = (found and str(found.normalize()), usd)
    assert different == {offer: (mine, index) for offer, (mine, index, _) in CAUSES.items()}
    assert compared == 20 + 6 + 4 + 5


def test_nebius_announced_rate_is_the_one_of_the_index():
    """Its page of 2026-09-29 printed 3.85 and, from 2026-10-01, 4.50."""
    assert ours()["nebius", "vm", "NVIDIA HGX H100", "on_demand"] == Decimal("4.5")
