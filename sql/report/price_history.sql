-- Prices over time of the eight models that cost most in 90 days, of the best source at each time. Grain: model, meter,
-- valid_from. Inputs: core.usage_cost, core.token_price, raw.source.
WITH used AS (
    SELECT price.provider, price.channel, price.region, price.model, sum(cost.cost_usd) AS usd
    FROM core.usage_cost AS cost
    JOIN (SELECT DISTINCT price_id, provider, channel, region, model FROM core.token_price) AS price USING (price_id)
    WHERE cost.usage_date BETWEEN $last::DATE - 90 AND $last::DATE
    GROUP BY price.provider, price.channel, price.region, price.model
    QUALIFY row_number() OVER (ORDER BY sum(cost.cost_usd) DESC NULLS LAST, price.model) <= 8
),
version AS (
    SELECT price.*, used.usd, coalesce(catalog.rank, 1_000_000) AS rank
    FROM core.token_price AS price
    JOIN used USING (provider, channel, region, model)
    LEFT JOIN raw.source AS catalog USING (source)
    WHERE known_to IS NULL AND service_tier = 'standard' AND context_from = 0 AND time_window = 'always'
      AND meter IN ('input_uncached', 'cache_read', 'output') AND unit = 'mtok' AND valid_from::DATE <= $last::DATE + 1
),
outranked AS (
    SELECT
        version.price_id,
        bool_or(holds_at(better.valid_from, better.valid_to, version.valid_from)) AS has_better,
        min(better.valid_from) FILTER (better.valid_from > version.valid_from) AS better_from
    FROM version
    JOIN version AS better USING (provider, channel, region, model, meter)
    WHERE better.rank < version.rank
    GROUP BY ALL
)
SELECT
    provider, channel, model, meter, usd_per_unit, valid_from::DATE AS valid_from,
    least(valid_to, better_from)::DATE AS valid_to, source, fetch_id, usd
FROM version LEFT JOIN outranked USING (price_id)
WHERE NOT coalesce(has_better, false)
ORDER BY usd DESC, model, meter, valid_from
