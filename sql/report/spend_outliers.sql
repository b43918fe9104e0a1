-- Days of 30 that cost more than those before let expect, dearest first. Grain: day, scope, owner, model. Inputs:
-- main.spend_anomaly.
SELECT
    usage_date, concat_ws(' ', nullif(scope, 'all'), nullif(owner, 'all'), model, 'by', cause, cause_id) AS what,
    spent_usd AS usd, expected_usd
FROM main.spend_anomaly
WHERE verdict IS DISTINCT FROM 'cannot_be_judged' AND usage_date BETWEEN $last::DATE - 29 AND $last::DATE
ORDER BY excess_usd DESC, usage_date DESC
LIMIT 10
