"""USD by import, for what is told of files read again; by hand from the price that is put in."""

from datetime import datetime
from decimal import Decimal

from pipelines.costs.price_imports import usd_by_import
from pipelines.snapshots.prepare_run import prepare
from pipelines.snapshots.seed_history import seed_price_history
from pipelines.usage.contract import usage_frame
from pipelines.warehouse.database import Warehouse

AS_OF = datetime(2026, 11, 24)


def row(usage_id, import_id, model, output):
    return {
        "usage_id": usage_id,
        "usage_at": datetime(2026, 5, 20),
        "grain": "request",
        "provider": "anthropic",
        "channel": "api",
        "region": "global",
        "model": model,
        "service_tier": "standard",
        "output_tokens": output,
        "format": "claude_code",
        "import_id": import_id,
        "source_line": 1,
    }


def test_usd_of_each_import_and_nothing_where_nothing_has_a_price(tmp_path):
    warehouse = Warehouse(tmp_path)
    prepare(warehouse, AS_OF)
    seed_price_history(warehouse)
    rows = [row("1", "a", "claude-opus-4-7", 1000), row("2", "a", "claude-opus-4-7", 3000)]
    rows += [row("3", "b", "claude-opus-4-7", 10), row("4", "c", "no-such-model", 10)]
    with warehouse.write() as connection:
        found = usd_by_import(connection, warehouse.folder, usage_frame(rows))
    # Opus 4.7 costs 25 USD per million output tokens.
    assert dict(found) == {"a": Decimal("0.1"), "b": Decimal("0.00025")}
