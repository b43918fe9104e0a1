-- What each team spent by month, exact; what owners.csv does not map, by the ids that it could name.
-- Usage under a plan is not owed: plans_by_month.sql has the fees instead.
SELECT
    strftime(usage_date, '%Y-%m') AS month,
    coalesce(team, 'not mapped') AS team,
    cost_center,
    account_id,
    CASE WHEN team IS NULL THEN coalesce('key ' || api_key_id, 'user ' || user_id, 'project ' || project_id) END AS id,
    sum(cost_usd) AS cost_usd
FROM cost_by_owner
WHERE plan_id IS NULL
GROUP BY ALL
ORDER BY month DESC, cost_usd DESC NULLS LAST;
