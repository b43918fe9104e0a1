-- Whether what plans are worth is what the priced ledger and the fees say, and their fees are what cost_daily owes.
-- Grain: usage_date. Inputs: core.usage_cost, core.plan_fee, main.plan_value, main.cost_daily.
WITH part AS (
    SELECT usage_date, cost_usd AS ledger_usd, NULL::DECIMAL(38, 12) AS worth_usd, NULL::DECIMAL(38, 12) AS fee_usd,
        NULL::DECIMAL(38, 12) AS owed_usd
    FROM core.usage_cost
    WHERE plan_id IS NOT NULL
    UNION ALL BY NAME
    SELECT usage_date, fee_usd FROM core.plan_fee
    UNION ALL BY NAME
    SELECT usage_date, api_equivalent_usd AS worth_usd FROM main.plan_value
    UNION ALL BY NAME
    SELECT usage_date, effective_cost_usd AS owed_usd FROM main.cost_daily WHERE plan_id IS NOT NULL
)
SELECT
    usage_date,
    coalesce(sum(ledger_usd), 0)::DECIMAL(38, 12) AS ledger_usd,
    coalesce(sum(worth_usd), 0)::DECIMAL(38, 12) AS worth_usd,
    coalesce(sum(fee_usd), 0)::DECIMAL(38, 12) AS fee_usd,
    coalesce(sum(owed_usd), 0)::DECIMAL(38, 12) AS owed_usd
FROM part
WHERE usage_date IN (SELECT unnest($dates))
GROUP BY usage_date
ORDER BY usage_date
