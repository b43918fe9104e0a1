-- What each model costs in a period, beside the period before. Grain: provider, model. Inputs: spend_of.
SELECT *, coalesce(usd, 0) - coalesce(usd_before, 0) AS usd_change, $last::DATE AS as_of
FROM (
    SELECT
        provider, model,
        sum(usd) FILTER (usage_date BETWEEN $first::DATE AND $last::DATE) AS usd,
        sum(usd) FILTER (usage_date BETWEEN $before_first::DATE AND $before_last::DATE) AS usd_before
    FROM spend_of($owner::VARCHAR)
    GROUP BY provider, model
)
WHERE usd IS NOT NULL OR usd_before IS NOT NULL
ORDER BY usd DESC NULLS LAST, usd_before DESC, provider, model
