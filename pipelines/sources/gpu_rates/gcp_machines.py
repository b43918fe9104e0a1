"""What Google's accelerator-optimised machine types are made of, by exact name. Data only; prices are in `gcp`.

Only shapes that several public programs and Google's lists agree on, and whose parts are sold one by one. A3 Ultra, A4
and G4 are left out: their shapes or the wording of their parts were not confirmed.
"""

from typing import NamedTuple


class Machine(NamedTuple):
    """One machine type. `ssd_gib` is local SSD that belongs to it and is billed with it."""

    family: str
    part: str
    """The wording of its GPU part, a key of GPU_PARTS."""
    gpu_count: int
    vcpus: int
    ram_gib: int
    ssd_gib: int = 0


class Card(NamedTuple):
    """One GPU of a machine."""

    gpu: str
    variant: str
    memory_gb: int


A100_40, A100_80 = "Nvidia Tesla A100 GPU", "Nvidia Tesla A100 80GB GPU"
H100, H100_MEGA, L4 = "Nvidia H100 80GB GPU", "Nvidia H100 80GB Plus GPU", "Nvidia L4 GPU"
CARDS = {
    A100_40: Card("A100", "SXM", 40),
    A100_80: Card("A100", "SXM", 80),
    H100: Card("H100", "SXM", 80),
    H100_MEGA: Card("H100", "SXM", 80),
    L4: Card("L4", "", 24),
}
SAME_PART = {"Nvidia H100 80GB Mega GPU": H100_MEGA, "Nvidia H100 Mega 80GB GPU": H100_MEGA}
"""Further wordings of one part: the H100 of A3 Mega is sold as "Plus" and as "Mega", which is not the plain H100."""
FAMILIES = ("A2", "A3", "A3Plus", "G2")
"""As in "A3Plus Instance Core"."""

MACHINES = {
    "a2-highgpu-1g": Machine("A2", A100_40, 1, 12, 85),
    "a2-highgpu-2g": Machine("A2", A100_40, 2, 24, 170),
    "a2-highgpu-4g": Machine("A2", A100_40, 4, 48, 340),
    "a2-highgpu-8g": Machine("A2", A100_40, 8, 96, 680),
    "a2-megagpu-16g": Machine("A2", A100_40, 16, 96, 1360),
    "a2-ultragpu-1g": Machine("A2", A100_80, 1, 12, 170, 375),
    "a2-ultragpu-2g": Machine("A2", A100_80, 2, 24, 340, 750),
    "a2-ultragpu-4g": Machine("A2", A100_80, 4, 48, 680, 1500),
    "a2-ultragpu-8g": Machine("A2", A100_80, 8, 96, 1360, 3000),
    "a3-highgpu-8g": Machine("A3", H100, 8, 208, 1872, 6000),
    "a3-megagpu-8g": Machine("A3Plus", H100_MEGA, 8, 208, 1872, 6000),
    "g2-standard-4": Machine("G2", L4, 1, 4, 16),
    "g2-standard-8": Machine("G2", L4, 1, 8, 32),
    "g2-standard-12": Machine("G2", L4, 1, 12, 48),
    "g2-standard-16": Machine("G2", L4, 1, 16, 64),
    "g2-standard-24": Machine("G2", L4, 2, 24, 96),
    "g2-standard-32": Machine("G2", L4, 1, 32, 128),
    "g2-standard-48": Machine("G2", L4, 4, 48, 192),
    "g2-standard-96": Machine("G2", L4, 8, 96, 384),
}
