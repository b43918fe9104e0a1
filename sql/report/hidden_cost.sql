-- Cost of a period beyond the naive figure, by part. Grain: one row. Inputs: main.hidden_cost. NULL: no log tells it.
SELECT
    sum(cost_usd) AS cost_usd, sum(naive_usd) AS naive_usd, sum(base_usd) AS base_usd, sum(system_usd) AS system_usd,
    sum(retrieved_usd) AS retrieved_usd, sum(history_usd) AS history_usd, sum(cache_miss_usd) AS cache_miss_usd,
    sum(reasoning_usd) AS reasoning_usd, sum(retries_usd) AS retries_usd, sum(cacheable_usd) AS cacheable_usd
FROM main.hidden_cost
WHERE usage_date BETWEEN $first::DATE AND $last::DATE
  AND $owner::VARCHAR IN ('', team, cost_center, account_id, project_id, api_key_id, user_id, feature)
