-- What an H100 cost on demand over time, by provider: each rate beside the one before.
SELECT provider, tier, variant, region, valid_from, valid_to, usd_per_gpu_hour, pct_change, source, url
FROM gpu_rate_history
WHERE gpu = 'H100' AND pricing = 'on_demand'
ORDER BY ALL;
