-- What it is spent for, by month: features as the logs name them.
SELECT strftime(usage_date, '%Y-%m') AS month, coalesce(feature, 'not told') AS feature, sum(cost_usd) AS cost_usd, sum(tokens) AS tokens
FROM cost_by_owner
GROUP BY ALL
ORDER BY month DESC, cost_usd DESC NULLS LAST;
