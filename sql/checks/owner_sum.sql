-- Whether the dollars of all owners are those of the priced ledger.
-- Grain: usage_date. Inputs: core.usage_cost, main.cost_by_owner. A day of which no owners are known, because it was
-- priced before they were kept and its usage can no longer be read, is left out.
SELECT
    usage_date,
    coalesce(ledger_usd, 0)::DECIMAL(38, 12) AS ledger_usd,
    coalesce(owner_usd, 0)::DECIMAL(38, 12) AS owner_usd
FROM (
    SELECT usage_date, sum(cost_usd) AS owner_usd
    FROM main.cost_by_owner
    WHERE usage_date IN (SELECT unnest($dates))
    GROUP BY usage_date
)
LEFT JOIN (SELECT usage_date, sum(cost_usd) AS ledger_usd FROM core.usage_cost GROUP BY usage_date) USING (usage_date)
ORDER BY usage_date
