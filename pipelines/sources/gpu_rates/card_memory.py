"""Memory of whole cards, for sources that print none or print it only roughly. Slices and prices do not belong here.

Figures are those of NVIDIA's and AMD's data sheets. A card is listed under model and form factor as gpu_names tells
them, because an H100 has 80 GB on SXM and PCIe but 94 GB as NVL. B200 is sold as 180 and as 192 GB, with the same chip.
"""

from fractions import Fraction

CARD_GB: dict[tuple[str, str], tuple[int, ...]] = {
    ("A100", "SXM"): (40, 80),
    ("A100", "PCIe"): (40, 80),
    ("H100", "SXM"): (80,),
    ("H100", "PCIe"): (80,),
    ("H100", "NVL"): (94,),
    ("H200", ""): (141,),
    ("H200", "SXM"): (141,),
    ("H200", "NVL"): (141,),
    ("B200", ""): (180,),
    ("B200", "SXM"): (180,),
    ("B300", ""): (288,),
    ("B300", "SXM"): (288,),
    ("GB200", "NVL72"): (186,),
    ("V100", ""): (16, 32),
    ("A10", ""): (24,),
    ("A10G", ""): (24,),
    ("A40", ""): (48,),
    ("L4", ""): (24,),
    ("L40", ""): (48,),
    ("L40S", ""): (48,),
    ("T4", ""): (16,),
    ("RTX PRO 6000", ""): (96,),
    ("RTX PRO 6000", "Server"): (96,),
    ("RTX PRO 6000", "Workstation"): (96,),
    ("RTX A6000", ""): (48,),
    ("RTX 6000 Ada", ""): (48,),
    ("RTX 3090", ""): (24,),
    ("RTX 4090", ""): (24,),
    ("RTX 5090", ""): (32,),
    ("MI300X", ""): (192,),
    ("MI300X", "OAM"): (192,),
}
USABLE_SHARE = Fraction(93, 100)
"""Drivers report a little less than the data sheet (ECC, firmware): 46,068 MiB of 48 GB is the lowest share seen."""

ROUNDED = Fraction(1, 10)
"""Sellers print 45 or 48 GB, 180 or 192: no two sizes of a card are that near."""


def is_size_of(gpu: str, memory_gb: int) -> bool:
    """Whether a card is made in about this size, in any form; True for cards that are not known here."""
    sizes = [size for (card, _), known in CARD_GB.items() if card == gpu for size in known]
    return not sizes or any(abs(memory_gb - size) <= ROUNDED * size for size in sizes)


def only_memory_gb(gpu: str, variant: str) -> int:
    """Memory of a card that exists in one size. Raises ValueError for unknown cards and for cards of several sizes."""
    sizes = CARD_GB.get((gpu, variant), ())
    if len(sizes) != 1:
        raise ValueError("the memory of the card is not told and not known")
    return sizes[0]


def memory_gb_of_mib(gpu: str, variant: str, mib: int) -> int:
    """The size of the card whose driver reports `mib` MiB. Raises ValueError where no size of the card fits."""
    reported = Fraction(mib, 1024)
    fitting = [size for size in CARD_GB.get((gpu, variant), ()) if size * USABLE_SHARE <= reported <= size]
    if len(fitting) != 1:
        raise ValueError("no known size of the card has the reported memory")
    return fitting[0]
