-- Which of our models end, when, and what their replacements cost. Grain: provider, channel, model. Inputs:
-- main.deprecation_risk, of the newest day decided up to the end of the period.
SELECT
    as_of, provider, channel, model,
    CASE min(CASE level WHEN 'critical' THEN 1 WHEN 'high' THEN 2 WHEN 'medium' THEN 3 ELSE 4 END)
        WHEN 1 THEN 'critical' WHEN 2 THEN 'high' WHEN 3 THEN 'medium' ELSE 'low' END AS level,
    min(expected_end_on) AS expected_end_on,
    min(days_left) AS days_left,
    min(days_basis) AS days_basis,
    min(outcome) AS outcome,
    sum(spend_30d_usd) AS spend_30d_usd,
    min(replacement) AS replacement,
    sum(monthly_delta_usd) AS monthly_delta_usd,
    string_agg(DISTINCT project_id, ', ' ORDER BY project_id) AS projects
FROM main.deprecation_risk
WHERE as_of = (SELECT max(as_of) FROM main.deprecation_risk WHERE as_of <= $last::DATE + 1)
GROUP BY as_of, provider, channel, model
ORDER BY expected_end_on, model
