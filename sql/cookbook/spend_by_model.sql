-- What each model cost in the newest 30 days with usage, dearest first, with its share of all.
SELECT
    provider, model, sum(cost_usd) AS cost_usd,
    round(100 * sum(cost_usd)::DOUBLE / nullif(sum(sum(cost_usd)::DOUBLE) OVER (), 0), 1) AS share_pct
FROM cost_daily
WHERE usage_date > (SELECT max(usage_date) FROM cost_daily) - 30
GROUP BY ALL
ORDER BY cost_usd DESC NULLS LAST;
