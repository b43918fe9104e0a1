-- The ten dearest days, and the model that cost most on each.
SELECT usage_date, sum(usd) AS cost_usd, arg_max(model, usd) AS dearest_model, max(usd) AS of_it_usd
FROM (SELECT usage_date, model, sum(cost_usd) AS usd FROM cost_daily GROUP BY ALL)
GROUP BY usage_date
ORDER BY cost_usd DESC NULLS LAST
LIMIT 10;
