"""main.contract_charge, computed whole. What is due or given beside usage is for `contract_charges` to say."""

from datetime import date

from pipelines.costs.contract_charges import contract_charges
from pipelines.usage.rate_file import rates_in_force
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import append, read_current

LISTED_MODELS = "SELECT price_id, any_value(model) AS listed_model FROM core.token_price GROUP BY price_id"
"""Under which name a list has a price."""
_USAGE = f"""
SELECT
    usage_date, account_id, provider, channel, model, service_tier, meter, listed_model,
    sum(effective_cost_usd)::DECIMAL(38, 12) AS effective_cost_usd,
    sum(coalesce(cost_usd, effective_cost_usd))::DECIMAL(38, 12) AS list_cost_usd,
    -- A price in another currency on a day without a rate: what is paid is not known, and not nothing.
    bool_or(term_id IS NOT NULL AND effective_cost_usd IS NULL) AS is_unrated
FROM core.usage_cost
LEFT JOIN ({LISTED_MODELS}) USING (price_id)
WHERE plan_id IS NULL
GROUP BY ALL
"""


def charge_contract(warehouse: Warehouse, as_of: date) -> int:
    """Replace main.contract_charge. Returns how many rows it has."""
    with warehouse.write() as connection:
        terms = read_current(connection, "core.contract_term")
        connection.execute("DELETE FROM main.contract_charge")
        if terms.is_empty():
            return 0
        usage, rates = connection.sql(_USAGE).pl(), rates_in_force(warehouse.folder)
        return append(connection, "main.contract_charge", contract_charges(usage, terms, as_of, rates))
