-- How many dollars are left out of a day because a larger report states the same usage.
-- Grain: usage_date, provider. Inputs: main.usage_overlap.
-- Where some of it has no price, what has one is counted: all of it may cost more.
SELECT
    usage_date,
    provider,
    sum(tokens)::BIGINT AS left_out_tokens,
    sum(left_out_usd)::DOUBLE AS left_out_usd
FROM main.usage_overlap
WHERE usage_date IN (SELECT unnest($dates))
GROUP BY usage_date, provider
ORDER BY usage_date, provider
