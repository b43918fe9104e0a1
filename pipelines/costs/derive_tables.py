"""Every table that follows from prices and usage, computed anew for all days, without a run. For a rebuilt database.

What was decided on a past day does not follow: it rests on what was known then, and is kept in records/.
"""

from datetime import date
from graphlib import TopologicalSorter

from pipelines.costs.alias_models import name_models
from pipelines.costs.charge_contract import charge_contract
from pipelines.costs.price_ledger import price_days
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.marts import Mart, build_mart, marts
from pipelines.warehouse.record_files import RECORD_TABLES

_DAYS = """
SELECT usage_date FROM core.ledger_file
UNION SELECT usage_date FROM core.reported_cost
UNION SELECT fetched_at::DATE FROM raw.fetch WHERE origin <> 'shipped'
UNION SELECT as_of FROM main.source_health
ORDER BY ALL
"""


def derive_tables(warehouse: Warehouse, as_of: date) -> int:
    """Price all days, name the models, charge what was agreed up to a day, and fill the marts.

    Returns how many days there are. A day that is recorded in a mart by day of report keeps what was reported then.
    """
    with warehouse.write() as connection:
        days: list[date] = [day for (day,) in connection.execute(_DAYS).fetchall()]
    price_days(warehouse, days)
    name_models(warehouse)
    charge_contract(warehouse, as_of)
    for mart in _in_order():
        build_mart(warehouse, mart, _missing(warehouse, mart, days))
    return len(days)


def _in_order() -> list[Mart]:
    """Marts, each after those that it reads."""
    by_name = {mart.table.qualified: mart for mart in marts()}
    order = TopologicalSorter({name: set(mart.inputs) & by_name.keys() for name, mart in by_name.items()})
    return [by_name[name] for name in order.static_order()]


def _missing(warehouse: Warehouse, mart: Mart, days: list[date]) -> list[date]:
    if mart.table.qualified not in RECORD_TABLES:
        return days
    with warehouse.write() as connection:
        query = f"SELECT DISTINCT {mart.table.date_column} FROM {mart.table.qualified}"
        recorded = {day for (day,) in connection.execute(query).fetchall()}
    return [day for day in days if day not in recorded]
