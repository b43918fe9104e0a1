"""The contract file and its terms for tests."""

from pathlib import Path

from pipelines.snapshots.contract_file import parse_contract

FILE = Path("contract_prices.csv")
HEADER = "kind,account,provider,channel,model,service_tier,meter,value,per,note,valid_from,valid_to"


def contract(*lines):
    return "\n".join((HEADER, *lines)) + "\n"


def terms(*lines):
    return parse_contract(FILE, contract(*lines).encode())


VOLUME_HEADER = f"{HEADER},volume,from_quantity"


def volume_contract(*lines):
    return "\n".join((VOLUME_HEADER, *lines)) + "\n"


def volume_terms(*lines):
    return parse_contract(FILE, volume_contract(*lines).encode())
