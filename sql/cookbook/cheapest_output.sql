-- The cheapest models for a million output tokens now, from their own provider, standard tier. No word on quality.
SELECT provider, model, min(usd_per_unit) AS usd_per_mtok, max(valid_from)::DATE AS since
FROM price_as_of(now()::TIMESTAMP)
WHERE channel = 'api' AND region = 'global' AND service_tier = 'standard' AND meter = 'output' AND context_from = 0
  AND is_listed AND usd_per_unit > 0 AND source <> 'price_history'
GROUP BY ALL
ORDER BY usd_per_mtok, provider, model
LIMIT 50;
