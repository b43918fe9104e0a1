"""Whose public holidays the forecast takes for free days: one setting, of the environment. A mistake is told."""

import re
from collections.abc import Mapping

HOLIDAYS_OF = "COSTS_HOLIDAYS_OF"
_COUNTRY = re.compile(r"(?P<country>[A-Za-z]{2})(?:-(?P<part>[A-Za-z0-9]{1,6}))?")
_MAX_SHOWN = 40


def holidays_of(environ: Mapping[str, str]) -> tuple[str | None, str | None]:
    """The country, "DE", or a part of one, "DE-BY" (ISO 3166), if one is stated; and what is wrong with what is."""
    text = environ.get(HOLIDAYS_OF, "").strip()
    if not text:
        return None, None
    match = _COUNTRY.fullmatch(text)
    if match is not None and _is_known(match["country"].upper(), (match["part"] or "").upper()):
        return text.upper(), None
    said = f"{HOLIDAYS_OF} names no country: {text[:_MAX_SHOWN]!r}; write one such as DE or US, or a part such as DE-BY"
    return None, f"{said}. Until then no day is taken for a holiday"


def _is_known(country: str, part: str) -> bool:
    import holidays  # noqa: PLC0415 - hundreds of countries; needed where one is stated only

    parts = holidays.list_supported_countries().get(country)
    return parts is not None and (not part or part in parts)
