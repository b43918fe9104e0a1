-- What each project spent by month, exact.
SELECT strftime(usage_date, '%Y-%m') AS month, project_id, sum(cost_usd) AS cost_usd
FROM cost_daily
GROUP BY ALL
ORDER BY month DESC, cost_usd DESC;
