-- The cheapest on-demand rate of each card at the end of each month of two years, and now: offers that were printed then.
-- Grain: card, day. Inputs: main.gpu_rate_history, main.gpu_rate_spread (the six cards that most providers rent out).
WITH card AS (
    SELECT gpu, max(provider_count) AS providers
    FROM main.gpu_rate_spread WHERE pricing = 'on_demand' GROUP BY gpu
    QUALIFY row_number() OVER (ORDER BY max(provider_count) DESC, gpu) <= 6
),
moment AS (
    SELECT unnest(generate_series(
        date_trunc('month', $last::DATE) - INTERVAL 24 MONTH, date_trunc('month', $last::DATE), INTERVAL 1 MONTH
    ))::DATE - 1 AS day
    UNION SELECT $last::DATE
)
SELECT
    gpu, day, min(usd_per_gpu_hour) AS usd_per_gpu_hour, arg_min(provider, usd_per_gpu_hour) AS cheapest_provider,
    count(DISTINCT provider) AS providers, arg_min(source, usd_per_gpu_hour) AS source
FROM moment
JOIN main.gpu_rate_history AS rate
  ON holds_at(rate.valid_from, rate.valid_to, day::TIMESTAMP + INTERVAL 1 DAY)
JOIN card USING (gpu)
WHERE pricing = 'on_demand' AND gpu_fraction = 1 AND usd_per_gpu_hour IS NOT NULL AND is_listed
GROUP BY gpu, day
ORDER BY gpu, day
