"""Savings and deprecation risk of a ledger with long prompts: each part at what its own size costs."""

from datetime import date, datetime
from decimal import Decimal

import polars as pl
import pytest

from pipelines.costs.price_ledger import price_days
from pipelines.decisions.decide import deprecation_risk_on, saving_on
from pipelines.schema.columns import polars_schema
from pipelines.schema.lifecycles import ModelLifecycle
from pipelines.snapshots.prepare_run import prepare
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import append
from tests.unit.costs.test_price_ledger import add_price, add_usage

USED, DAY = date(2026, 3, 20), date(2026, 3, 21)
OLD = {"standard": ((3, 15), (6, Decimal("22.5"))), "batch": ((Decimal("1.5"), Decimal("7.5")), (3, Decimal("11.25")))}
CALLS = [(10_000, 1_000), (150_000, 1_000), (300_000, 1_000)]
"""Tokens in and out."""
ENDS = {
    "provider": "anthropic", "channel": "api", "model": "claude-x", "version": "", "scope": "all",
    "state": "deprecated", "retires_on": date(2026, 5, 1), "retires_precision": "day", "outcome": "fail",
    "replacements": "other", "valid_from": datetime(2026, 1, 1), "known_from": datetime(2026, 1, 1), "is_listed": True,
    "source": "anthropic_deprecations", "fetch_id": "f", "lifecycle_id": "l",
}  # fmt: skip


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    """claude-x doubles its price above 200,000 tokens of prompt; other, at 1 and 5 USD, is 4 and 20 above 100,000."""
    made = Warehouse(tmp_path_factory.mktemp("sized"))
    prepare(made, datetime(2026, 1, 1))
    offers = [("claude-x", tier, 200_000, prices) for tier, prices in OLD.items()]
    for model, tier, edge, ranges in [*offers, ("other", "standard", 100_000, ((1, 5), (4, 20)))]:
        for start, prices in zip((0, edge), ranges, strict=True):
            for meter, usd in zip(("input_uncached", "output"), prices, strict=True):
                end = None if start else edge
                add_price(made, model=model, service_tier=tier, meter=meter, usd_per_unit=Decimal(usd),
                          context_from=start, context_to=end, price_id=f"{model}-{tier}-{meter}-{start}")  # fmt: skip
    for number, (sent, answered) in enumerate(CALLS):
        add_usage(made, USED, answered, f"{number}", import_id=f"i{number}", input_uncached_tokens=sent)
    assert price_days(made, [USED]) == 1
    with made.write() as connection:
        append(connection, "core.model_lifecycle", pl.DataFrame([ENDS], schema=polars_schema(ModelLifecycle)))
    return made


def test_what_batch_would_save_is_half_of_what_each_prompt_costs(warehouse):
    """160,000 at 3 and 300,000 at 6 in, 2,000 at 15 and 1,000 at 22.50 out: 2.3325 USD."""
    with warehouse.write() as connection:
        rows = saving_on(connection, warehouse.folder, DAY)
    (left,) = rows.filter(lever="batch_left").iter_rows(named=True)
    assert (left["cost_usd"], left["usd_per_month"]) == (Decimal("2.3325"), Decimal("1.16625"))


def test_a_successor_is_priced_at_the_edges_that_it_has(warehouse):
    """There 10,000 tokens are at 1 USD and 450,000 at 4; of the answers 1,000 at 5 and 2,000 at 20: 1.855 USD."""
    with warehouse.write() as connection:
        (row,) = deprecation_risk_on(connection, warehouse.folder, DAY).iter_rows(named=True)
    assert (row["replacement"], row["delta_reason"]) == ("other", None)
    assert row["monthly_delta_usd"] == Decimal("1.855") - Decimal("2.3325")
    assert row["spend_30d_usd"] == Decimal("2.3325")
