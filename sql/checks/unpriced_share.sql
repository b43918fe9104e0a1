-- How much of a day's usage has no price: no total of that day tells what it costs.
-- Grain: usage_date, provider. Inputs: main.cost_daily, main.cost_unpriced.
-- Tokens only: a fee counts calls, which cannot be added to tokens.
WITH part AS (
    SELECT usage_date, provider, quantity AS priced, 0 AS unpriced FROM main.cost_daily
    WHERE meter_group NOT IN ('fee', 'plan_fee')
    UNION ALL
    SELECT usage_date, provider, 0, quantity FROM main.cost_unpriced WHERE meter NOT IN ('requests', 'web_searches', 'rerank_queries')
)
SELECT
    usage_date,
    provider,
    sum(priced)::BIGINT AS priced_tokens,
    sum(unpriced)::BIGINT AS unpriced_tokens,
    unpriced_tokens / nullif(priced_tokens + unpriced_tokens, 0) AS unpriced_share
FROM part
WHERE usage_date IN (SELECT unnest($dates))
GROUP BY usage_date, provider
ORDER BY usage_date, provider
