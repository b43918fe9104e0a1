-- Where each card is cheapest to rent on demand now, and how far providers lie apart.
SELECT gpu, variant, memory_gb, min_usd_per_gpu_hour, cheapest_provider, cheapest_region, max_to_min_ratio, provider_count
FROM gpu_rate_spread
WHERE pricing = 'on_demand'
ORDER BY gpu, variant, memory_gb;
