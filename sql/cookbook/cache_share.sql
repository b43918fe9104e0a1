-- How much of each prompt is read from a cache, by model: a low share at a high cost is worth a look.
SELECT
    model,
    round(100 * sum(quantity) FILTER (meter LIKE 'cache_read%')::DOUBLE / nullif(sum(quantity), 0), 1) AS cached_pct,
    sum(quantity) AS prompt_tokens, sum(cost_usd) AS prompt_usd
FROM core.usage_cost
WHERE meter IN ('input_uncached', 'cache_read', 'cache_write_5m', 'cache_write_1h')
GROUP BY model
ORDER BY prompt_usd DESC NULLS LAST;
