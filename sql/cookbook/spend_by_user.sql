-- Who spends, by month: users as the logs name them.
SELECT strftime(usage_date, '%Y-%m') AS month, coalesce(user_id, 'not told') AS "user", sum(cost_usd) AS cost_usd, sum(tokens) AS tokens
FROM cost_by_owner
GROUP BY ALL
ORDER BY month DESC, cost_usd DESC NULLS LAST;
