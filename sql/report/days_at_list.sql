-- Usage that sums of what is owed have at its list price: what was agreed has no rate of exchange on that day. From
-- eight weeks before the end of the period, which a forecast learns from. Grain: day. Inputs: main.cost_daily,
-- main.cost_by_owner.
SELECT usage_date, sum(cost_usd) AS usd
FROM (
    SELECT usage_date, cost_usd, effective_cost_usd FROM main.cost_daily WHERE $owner::VARCHAR = ''
    UNION ALL
    SELECT usage_date, cost_usd, effective_cost_usd FROM main.cost_by_owner
    WHERE $owner::VARCHAR <> ''
      AND $owner::VARCHAR IN (team, cost_center, account_id, project_id, api_key_id, user_id, feature)
)
WHERE effective_cost_usd IS NULL AND cost_usd IS NOT NULL
  AND usage_date BETWEEN least($first::DATE, $last::DATE - 56) AND $last::DATE
GROUP BY usage_date
ORDER BY usage_date
