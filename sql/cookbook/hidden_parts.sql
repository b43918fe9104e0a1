-- What is paid beyond the naive figure, by month. NULL: the logs do not tell it.
SELECT
    strftime(usage_date, '%Y-%m') AS month, sum(cost_usd) AS cost_usd, sum(naive_usd) AS naive_usd,
    sum(history_usd) AS history_usd, sum(cache_miss_usd) AS cache_miss_usd, sum(reasoning_usd) AS reasoning_usd
FROM hidden_cost
GROUP BY ALL
ORDER BY month DESC;
