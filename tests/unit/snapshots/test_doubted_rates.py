"""Rates of exchange the wrong way round: told where the reference rate says so, and not where currencies are near 1."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from pipelines.snapshots.doubted_rates import doubted_rates
from pipelines.warehouse.database import Warehouse
from tests.unit.marts.mart_rows import add

REFERENCE = {
    "rate_on": date(2026, 3, 2), "printed": "x", "valid_from": datetime(2026, 3, 2), "known_from": datetime(2026, 3, 2),
    "is_listed": True, "source": "ecb", "fetch_id": "f",
}  # fmt: skip


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    made = Warehouse(tmp_path_factory.mktemp("warehouse"))
    known = {"EUR": "1.0842", "SEK": "0.095", "CHF": "1.04"}
    rows = [
        REFERENCE | {"currency": code, "usd_per_currency": Decimal(rate), "exchange_rate_id": code}
        for code, rate in known.items()
    ]
    add(made, "core.exchange_rate", *rows)
    return made


@pytest.mark.parametrize(
    ("line", "is_told"),
    [
        ("EUR,1.0842", False), ("EUR,1.3", False), ("EUR,0.9223", True), ("SEK,9.9", True), ("SEK,0.2", False),
        ("CHF,0.96", False), ("NOK,9.5", False),
    ],
)  # fmt: skip
def test_a_rate_nearer_to_the_inverse_is_told(warehouse, line, is_told):
    text = f"date,currency,usd_per_unit,source\n2026-03-02,{line},bank\n"
    (warehouse.folder / "exchange_rates.csv").write_text(text)
    with warehouse.write() as connection:
        told = [problem.text for problem in doubted_rates(connection, warehouse.folder)]
    assert bool(told) == is_told
    if line == "EUR,0.9223":
        assert told[0].endswith(
            "exchange_rates.csv: the rate of EUR for 2026-03-02, 0.9223, looks like EUR per USD; the reference rate is "
            "1.0842 USD per EUR; turn it round, or leave it if it was agreed so"
        )
