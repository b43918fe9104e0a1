"""Scaleway's public API, server types of one zone -> GPU rates in EUR. The zone stands in the address, not in the body.

The answer tells no currency; its documentation does ("Hourly price in Euro"), so the dollar column stays NULL. Types
without a GPU are not looked at, and a share of a card is not taken as a card. The list comes in pages of PAGE_SIZE and
a page does not say which one it is: after a full page comes page 2. A third page would make the fetch go in a circle,
which is an error there, so a list is never cut in silence.
"""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from pipelines.sources.gpu_rates.gpu_names import read_gpu_name
from pipelines.sources.gpu_rates.rate_rows import add_rate, new_collector
from pipelines.sources.parsed import Parsed, ParseError, RowCollector, price_or_none

ZONE = "fr-par-2"
"""Where Scaleway has most of its GPUs."""
PAGE_SIZE = 100
_GB, _GIB = 10**9, 2**30


def next_page(body: bytes) -> str | None:
    """The address after a full page, None after any other. Raises ParseError for a body that is no page."""
    return f"?per_page={PAGE_SIZE}&page=2" if len(_page(_json(body))) >= PAGE_SIZE else None


def parse(body: bytes) -> Parsed:
    """Rates in EUR per GPU and hour in ZONE, one row per server type with GPUs; the body is an array of pages.

    Raises ParseError for a body that is not the answer, or one that yields no rate.
    """
    found = new_collector()
    for name, server in _servers(body):
        if not isinstance(server, dict):
            found.reject(name[:200], str(server), "a server type that is no object")
        elif server.get("gpu"):
            try:
                _add(found, name[:200], server)
            except ValueError as error:
                found.reject(name[:200], str(server), str(error))
    return found.parsed()


def _json(body: bytes) -> Any:
    try:
        return json.loads(body, parse_float=Decimal, parse_int=Decimal, parse_constant=str)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise ParseError(f"not a whole JSON document: {str(error)[:200]}") from error


def _page(page: Any) -> dict[str, Any]:
    servers = page.get("servers") if isinstance(page, dict) else None
    if not isinstance(servers, dict):
        raise ParseError("the answer has no servers")
    return servers


def _servers(body: bytes) -> Iterator[tuple[str, Any]]:
    """All server types, each once: a type that moved to the next page while they were read stands on both."""
    pages = _json(body)
    if not isinstance(pages, list):
        raise ParseError("expected an array of pages")
    servers: dict[str, Any] = {}
    for page in pages:
        servers |= _page(page)
    yield from servers.items()


def _add(found: RowCollector, name: str, server: Mapping[str, Any]) -> None:
    """Add one server type. Raises ValueError."""
    count, info = server["gpu"], server.get("gpu_info")
    if not isinstance(count, Decimal) or count != int(count) or not 0 < count <= 64:
        raise ValueError("gpu is no number of cards")
    if not isinstance(info, dict) or not isinstance(info.get("gpu_name"), str):
        raise ValueError("no gpu_name")
    card = read_gpu_name(info["gpu_name"])
    memory_gb = _memory_gb(info.get("gpu_memory"))
    if card.slice_gb is not None or card.memory_gb not in (None, memory_gb):
        raise ValueError("a share of a card, or a name of another memory")
    hourly = server.get("hourly_price")
    eur = price_or_none(str(hourly)) if isinstance(hourly, Decimal) else None
    if eur is None:
        raise ValueError("the price is no finite number")
    if eur == 0:
        return
    add_rate(
        found,
        eur / int(count),
        currency="EUR",
        printed=f"{hourly} per hour",
        provider="scaleway",
        tier="vm",
        sku=name,
        gpu=card.gpu,
        variant=card.variant,
        memory_gb=memory_gb,
        gpu_count=int(count),
        region=ZONE,
    )


def _memory_gb(printed: Any) -> int:
    """Bytes of one card as whole GB or, where they are that, whole GiB (which cards call GB as well)."""
    if isinstance(printed, Decimal) and printed > 0:
        for unit in (_GIB, _GB):
            if printed % unit == 0:
                return int(printed // unit)
    raise ValueError("gpu_memory is no whole number of GB")
