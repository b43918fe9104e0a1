-- How far apart providers are for one card now. Grain: card, commitment. Inputs: main.gpu_rate_spread.
SELECT
    gpu, variant, memory_gb, pricing, term_months, provider_count, min_usd_per_gpu_hour, median_usd_per_gpu_hour,
    max_usd_per_gpu_hour, cheapest_provider
FROM main.gpu_rate_spread
ORDER BY provider_count DESC, gpu, variant, pricing
LIMIT 30
