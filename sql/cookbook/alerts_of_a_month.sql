-- What was said in the newest 30 days, dearest first, and whether it arrived anywhere.
SELECT alert_on, severity, rule, title, usd_per_month_effect,
    alert_id IN (SELECT alert_id FROM alert_delivery WHERE outcome = 'delivered') AS is_delivered
FROM alert
WHERE alert_on > (SELECT max(alert_on) FROM alert) - 30
ORDER BY abs(usd_per_month_effect) DESC NULLS LAST, alert_on DESC, title;
