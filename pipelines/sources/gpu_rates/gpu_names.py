"""What a printed GPU name says, token by token: model, form factor, memory, slice. Prices do not belong here."""

import re
from dataclasses import dataclass

MAX_NAME = 200

_DROPPED = {
    *("nvidia", "amd", "instinct", "geforce", "tesla"),
    *("generation", "edition", "blackwell", "ac"),
    *("hbm2", "hbm2e", "hbm3", "hbm3e"),
}
"""Makers, brands and memory kinds. "Blackwell" is the only architecture of the RTX PRO cards; "Ada" is kept, because
an RTX 6000 without it is another card."""
_BUSES = {
    **dict.fromkeys(("sxm", "sxm2", "sxm3", "sxm4", "sxm5", "sxm6"), "SXM"),
    "hgx": "SXM",  # NVIDIA's name of the board that carries SXM modules, and nothing else
    "pcie": "PCIe",
    "nvl": "NVL",
    "nvl36": "NVL36",
    "nvl72": "NVL72",
    "oam": "OAM",
}
_EDITIONS = {"server": "Server", "workstation": "Workstation", "max-q": "Max-Q", "sff": "SFF"}
_MEMORY = re.compile(r"([0-9]{1,4})gb")
_SLICE = re.compile(r"[0-9]g\.([0-9]{1,4})gb")
_MODEL = re.compile(r"(?=.*[0-9])[A-Za-z0-9][A-Za-z0-9 ]{0,39}")
_REMARK = re.compile(r"\([^()]*\)")


@dataclass(frozen=True)
class GpuName:
    """A name taken apart. `memory_gb` and `slice_gb` are None where the name does not print them."""

    gpu: str
    variant: str
    memory_gb: int | None
    slice_gb: int | None
    whole_name: str
    """The name without its slice: the name of the whole card."""


def read_gpu_name(text: str) -> GpuName:
    """Take a name such as "NVIDIA A100-SXM4-80GB" apart by whole tokens; remarks in brackets are not part of it.

    Generations of one bus are one variant (SXM4, SXM5 -> SXM). Raises ValueError when no model number is left or when
    the name tells two buses or two memories.
    """
    if len(text) > MAX_NAME:
        raise ValueError("name too long")
    words = _REMARK.sub(" ", text).split()
    slices = {int(found[1]) for word in words if (found := _SLICE.fullmatch(word.lower()))}
    whole_words = [word for word in words if word.lower() != "mig" and not _SLICE.fullmatch(word.lower())]
    model: list[str] = []
    variants: list[str] = []
    memories: set[int] = set()
    for token in _tokens(whole_words):
        known = token.lower()
        if found := _MEMORY.fullmatch(known):
            memories.add(int(found[1]))
        elif known in _BUSES or known in _EDITIONS:
            variants.append(_BUSES.get(known) or _EDITIONS[known])
        elif known not in _DROPPED:
            model.append(token)
    gpu = " ".join(model)
    if not _MODEL.fullmatch(gpu):
        raise ValueError("no model number in the name")
    if len(set(variants) & set(_BUSES.values())) > 1 or len(memories) > 1 or len(slices) > 1:
        raise ValueError("the name tells two form factors or two memories")
    variant = " ".join(dict.fromkeys(variants))
    return GpuName(gpu, variant, next(iter(memories), None), next(iter(slices), None), " ".join(whole_words))


def _tokens(words: list[str]) -> list[str]:
    """Words cut at hyphens, except where the hyphen belongs to the token ("Max-Q")."""
    return [token for word in words for token in ([word] if word.lower() in _EDITIONS else word.split("-")) if token]
