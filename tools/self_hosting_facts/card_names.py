"""Cards as benchmarks write them -> (gpu, variant) as core.gpu_rate writes them. SXM, PCIe and NVL stay apart."""

import re

_SXM_ONLY = ("H200", "B200", "B300", "A100", "H100")
"""Named without a form factor on pages whose systems are all HGX or DGX."""
_SUPERCHIPS = {"GB200": "NVL72", "GB300": "NVL72"}
_NOT_TOLD = "not "
_NAMES = (
    (r"^(virtualized )?(?P<gpu>[ABH][0-9]{2,3})[- ](?P<variant>SXM|PCIE|NVL)", ""),
    (r"^(?P<gpu>A100)-80 (?P<variant>SXM)", ""),
    (r"^(?P<gpu>MI3[0-9]{2}X)", ""),
    (r"^(?P<gpu>L40S|L4|A30|A40)\b", ""),
    (r"^(?P<gpu>RTX PRO 6000|RTX 6000 Ada|RTX [0-9]{4})", ""),
    (r"^(?P<digits>[0-9]{4}) 24GB", "RTX {digits}"),
    (r"^(Apple )?(?P<gpu>M[0-9] (Ultra|Max))", ""),
    (r"Arc Pro B60", "Arc Pro B60"),
)


def card_named(printed: str, *, is_told: bool = True) -> tuple[str, str]:
    """Raises ValueError for a card that no rule knows. `is_told`: a bare name stands for the SXM card."""
    name = printed.removesuffix("-trt").strip()
    bare = name.split(" (", maxsplit=1)[0].removesuffix(" NVL72").removesuffix("-80")
    if bare.upper() in _SUPERCHIPS:
        return bare.upper(), _SUPERCHIPS[bare.upper()]
    if bare.upper() in _SXM_ONLY:
        return bare.upper(), "SXM" if is_told and _NOT_TOLD not in name else ""
    for pattern, written in _NAMES:
        found = re.search(pattern, name, re.IGNORECASE)
        if found:
            parts = found.groupdict()
            variant = (parts.get("variant") or "").upper().replace("PCIE", "PCIe")
            return written.format(**parts) or str(parts["gpu"]), variant
    raise ValueError(f"no rule knows the card {printed!r}")
