-- What was spent each month, at list price and owed by contract and plans.
SELECT
    strftime(usage_date, '%Y-%m') AS month, sum(cost_usd) AS list_usd,
    sum(coalesce(effective_cost_usd, cost_usd)) AS owed_usd
FROM cost_daily
GROUP BY ALL
ORDER BY month DESC;
