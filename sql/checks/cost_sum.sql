-- Whether the dollars that people read are those of the priced ledger.
-- Grain: usage_date, provider. Inputs: core.usage_cost, main.cost_daily, main.cost_reconciliation.
-- The reconciliation holds the same cost beside the bill, in its computed_usd; but not that of usage under a plan,
-- which no bill states.
WITH part AS (
    SELECT usage_date, provider, cost_usd AS ledger_usd, NULL::DECIMAL(38, 12) AS daily_usd,
        NULL::DECIMAL(38, 12) AS reconciled_usd
    FROM core.usage_cost
    UNION ALL BY NAME
    SELECT usage_date, provider, cost_usd AS daily_usd FROM main.cost_daily
    UNION ALL BY NAME
    SELECT usage_date, provider, computed_usd AS reconciled_usd FROM main.cost_reconciliation
    UNION ALL BY NAME
    SELECT usage_date, provider, cost_usd AS reconciled_usd FROM core.usage_cost WHERE plan_id IS NOT NULL
)
SELECT
    usage_date,
    provider,
    coalesce(sum(ledger_usd), 0)::DECIMAL(38, 12) AS ledger_usd,
    coalesce(sum(daily_usd), 0)::DECIMAL(38, 12) AS daily_usd,
    coalesce(sum(reconciled_usd), 0)::DECIMAL(38, 12) AS reconciled_usd
FROM part
WHERE usage_date IN (SELECT unnest($dates))
GROUP BY usage_date, provider
ORDER BY usage_date, provider
