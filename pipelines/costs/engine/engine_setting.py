"""COSTS_ENGINE: which server prices the ledger, if any. What is asked of it is `price_on_server`'s."""

import re
from collections.abc import Mapping
from importlib.util import find_spec

from pipelines.warehouse.published import WarehouseError

ENGINE = "COSTS_ENGINE"
_ADDRESS = re.compile(r"sc://(?:[\w.-]+|\[[0-9a-fA-F:]+\]):(\d{1,5})(?:/(?:;[^\s;=]+=[^\s;]*)*;?)?")
_EXAMPLE = "sc://127.0.0.1:50051"
_MAX_SHOWN = 60


class EngineError(WarehouseError):
    """The ledger cannot be priced where the setting says; the message names the setting and the remedy."""


def server_address(environ: Mapping[str, str]) -> str | None:
    """The address of the server, as Spark Connect writes it; None where this process prices.

    Raises EngineError for anything else, and where the extra `cluster` is not installed.
    """
    text = environ.get(ENGINE, "").strip()
    if not text:
        return None
    match = _ADDRESS.fullmatch(text)
    if match is None or not 0 < int(match[1]) < 1 << 16:
        # What follows the address may hold a token.
        shown = text.split(";", maxsplit=1)[0][:_MAX_SHOWN]
        raise EngineError(
            f"{ENGINE} is no address of a Spark Connect server: {shown!r}; write one such as {_EXAMPLE}, or unset it "
            "to price in this process"
        )
    if find_spec("pyspark") is None:
        raise EngineError(
            f"{ENGINE} names a server, and its client is not installed: `make install`, or `pip install "
            f"'.[cluster]'` in a clone, or unset {ENGINE} to price in this process"
        )
    return text


def shown_address(address: str) -> str:
    """An address without its parameters, of which one may be a token."""
    return address.split("/;", maxsplit=1)[0].rstrip("/")
