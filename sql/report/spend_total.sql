-- Spend of a period beside the period before it. Grain: one row. Inputs: spend_of (main.cost_daily, main.hidden_cost).
SELECT
    sum(usd) FILTER (usage_date BETWEEN $first::DATE AND $last::DATE) AS usd,
    sum(usd) FILTER (usage_date BETWEEN $before_first::DATE AND $before_last::DATE) AS usd_before,
    coalesce(bool_or(is_lower_bound) FILTER (usage_date BETWEEN $first::DATE AND $last::DATE), false) AS is_lower_bound,
    min(usage_date) AS first_usage_on,
    max(usage_date) AS last_usage_on
FROM spend_of($owner::VARCHAR)
