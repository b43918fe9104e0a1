-- Whether the parts of hidden cost are the dollars of the priced ledger.
-- Grain: usage_date. Inputs: core.usage_cost, main.hidden_cost. A day of which no parts are known, because it was priced
-- before they were kept and its usage can no longer be read, is left out.
SELECT
    usage_date,
    coalesce(ledger_usd, 0)::DECIMAL(38, 12) AS ledger_usd,
    coalesce(hidden_usd, 0)::DECIMAL(38, 12) AS hidden_usd,
    coalesce(parts_usd, 0)::DECIMAL(38, 12) AS parts_usd
FROM (
    SELECT
        usage_date,
        sum(cost_usd) AS hidden_usd,
        sum(base_usd + coalesce(history_usd, 0) + coalesce(cache_miss_usd, 0) + coalesce(reasoning_usd, 0)) AS parts_usd
    FROM main.hidden_cost
    WHERE usage_date IN (SELECT unnest($dates))
    GROUP BY usage_date
)
LEFT JOIN (SELECT usage_date, sum(cost_usd) AS ledger_usd FROM core.usage_cost GROUP BY usage_date) USING (usage_date)
ORDER BY usage_date
