-- main.gpu_rate_conflict: every rate of an aggregator that differs from what the provider itself prints now.
-- Grain: other_rate_id. Inputs: main.gpu_rate_current, core.gpu_rate.
-- Only quoted rates on demand of whole cards. A rate is set against the provider's rates for the same name of instance
-- or, where the provider knows no such name, for the same card, count and region. An aggregator that tells no form
-- factor or no tier may mean several of them: it conflicts only if none fits, and is shown beside the nearest.
WITH quoted AS (
    SELECT *
    FROM main.gpu_rate_current
    WHERE pricing = 'on_demand' AND price_kind = 'quoted' AND gpu_fraction = 1 AND usd_per_gpu_hour IS NOT NULL
),
own AS (
    SELECT * FROM quoted WHERE NOT is_aggregator(standing)
),
other AS (
    SELECT *, (provider, sku) IN (SELECT (provider, sku) FROM own) AS is_known_name
    FROM quoted
    WHERE is_aggregator(standing)
),
compared AS (
    SELECT
        other.rate_id,
        any_value(other) AS other,
        arg_min(own, (abs(own.usd_per_gpu_hour - other.usd_per_gpu_hour), own.rate_id)) AS nearest,
        count(DISTINCT own.usd_per_gpu_hour) AS own_rate_count
    FROM other
    JOIN own
      ON (own.provider, own.gpu, own.memory_gb, own.gpu_count, own.region)
       = (other.provider, other.gpu, other.memory_gb, other.gpu_count, other.region)
     AND other.variant IN ('', own.variant)
     AND other.tier IN ('not_told', own.tier)
     AND (own.sku = other.sku OR NOT other.is_known_name)
    GROUP BY other.rate_id
),
older AS (
    SELECT DISTINCT compared.rate_id
    FROM compared
    JOIN core.gpu_rate AS version
      ON version.source = nearest.source AND version.sku = nearest.sku AND version.tier = nearest.tier
     AND version.region = nearest.region AND version.gpu_count = nearest.gpu_count
     AND version.pricing = 'on_demand'
    WHERE version.known_to IS NULL
      AND version.valid_from < nearest.since
      AND version.usd_per_gpu_hour = other.usd_per_gpu_hour
)
SELECT
    nearest.provider, nearest.gpu, nearest.variant, nearest.memory_gb, nearest.gpu_count, nearest.region,
    nearest.source AS believed_source, nearest.tier AS believed_tier, nearest.sku AS believed_sku,
    nearest.usd_per_gpu_hour AS believed_usd_per_gpu_hour, nearest.since AS believed_since, own_rate_count,
    other.source AS other_source, other.tier AS other_tier, other.sku AS other_sku,
    other.usd_per_gpu_hour AS other_usd_per_gpu_hour, other.since AS other_since,
    100 * (other.usd_per_gpu_hour::DOUBLE / nearest.usd_per_gpu_hour::DOUBLE - 1) AS pct_difference,
    CASE
        WHEN abs(other.usd_per_gpu_hour - nearest.usd_per_gpu_hour) <= 0.0005 THEN 'rounding'
        WHEN compared.rate_id IN (SELECT rate_id FROM older) THEN 'older'
        WHEN own_rate_count > 1 THEN 'other form factor or tier'
        ELSE 'unknown'
    END AS likely_cause,
    nearest.rate_id AS believed_rate_id, other.rate_id AS other_rate_id
FROM compared
WHERE other.usd_per_gpu_hour <> nearest.usd_per_gpu_hour
