-- What needs a look today, worst first. Grain: one thing. Inputs: main.alert, main.deprecation_risk,
-- main.cost_unpriced, main.source_health.
WITH thing AS (
    SELECT severity, title AS what, usd_per_month_effect AS usd_a_month, alert_on AS as_of, 'alerts' AS section
    FROM main.alert
    WHERE severity <> 'info' AND rule NOT IN ('retirement_near', 'used_after_retirement')
      AND alert_on BETWEEN $last::DATE - 7 AND $last::DATE + 1
    UNION ALL
    SELECT
        CASE WHEN bool_or(level = 'critical') THEN 'critical' ELSE 'warning' END,
        CASE
            WHEN min(days_left) < 0 AND bool_and(outcome = 'reroute_rebill')
                THEN format('{} {}: answered and billed as {} since {}', provider, model,
                    coalesce(min(replacement), 'another model'), min(expected_end_on))
            ELSE format('{} {}: {} {}{}', provider, model,
                CASE WHEN min(days_left) < 0 THEN 'gone since' ELSE 'ends on' END, min(expected_end_on),
                coalesce(', replacement ' || min(replacement), ', no replacement named'))
        END,
        sum(monthly_delta_usd), as_of, 'retirements'
    FROM main.deprecation_risk
    WHERE as_of = (SELECT max(as_of) FROM main.deprecation_risk WHERE as_of <= $last::DATE + 1)
      AND level IN ('critical', 'high')
    GROUP BY provider, model, as_of
    UNION ALL
    SELECT
        'warning',
        format('no price for {:,} tokens or calls of {}: {}', sum(quantity)::BIGINT,
            string_agg(DISTINCT model, ', ' ORDER BY model), min(remedy)),
        NULL, max(usage_date), 'trust'
    FROM main.cost_unpriced
    WHERE usage_date BETWEEN $first::DATE AND $last::DATE
    GROUP BY unpriced_reason
    UNION ALL
    SELECT 'warning', format('source {} is {}: {}', source, status, coalesce(reason, 'no newer page')), NULL, as_of, 'trust'
    FROM main.source_health
    WHERE as_of = (SELECT max(as_of) FROM main.source_health WHERE as_of <= $last::DATE + 1)
      AND status IN ('stale', 'failing')
)
FROM thing ORDER BY severity, abs(usd_a_month) DESC NULLS LAST, as_of DESC, what LIMIT 12
