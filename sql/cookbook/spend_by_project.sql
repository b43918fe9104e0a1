-- What each project spent by month, exact; of days that an older program priced, what their usage cost.
SELECT strftime(usage_date, '%Y-%m') AS month, project_id, sum(coalesce(effective_cost_usd, cost_usd)) AS cost_usd
FROM cost_daily
GROUP BY ALL
ORDER BY month DESC, cost_usd DESC;
