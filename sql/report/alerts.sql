-- The alerts of 30 days, newest first. Grain: alert. Inputs: main.alert, main.alert_delivery.
SELECT
    alert_on, severity, rule, title, usd_per_month_effect AS usd_a_month, link,
    alert_id IN (SELECT alert_id FROM main.alert_delivery WHERE outcome = 'delivered') AS is_delivered
FROM main.alert
WHERE alert_on BETWEEN $last::DATE - 30 AND $last::DATE + 1
ORDER BY alert_on DESC, severity, abs(usd_per_month_effect) DESC NULLS LAST, title
LIMIT 60
