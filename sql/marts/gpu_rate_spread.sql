-- main.gpu_rate_spread: how far the rates of one card lie apart now, and who is cheapest and dearest.
-- Grain: gpu, variant, memory_gb, pricing, term_months. Inputs: main.gpu_rate_current.
-- Whole cards, quoted rates in USD or converted, not sold out, not repeated by an aggregator. Of equal rates the first provider and region by name are named.
WITH offer AS (
    SELECT *
    FROM main.gpu_rate_current
    WHERE is_offer AND gpu_fraction = 1 AND price_kind = 'quoted'
      AND usd_per_gpu_hour IS NOT NULL AND is_sold_out IS NOT TRUE
),
provider_start AS (
    SELECT gpu, variant, memory_gb, pricing, term_months, provider, min(usd_per_gpu_hour) AS usd
    FROM offer
    GROUP BY ALL
),
middle AS (
    SELECT gpu, variant, memory_gb, pricing, term_months, count(*) AS provider_count, median(usd) AS median_usd
    FROM provider_start
    GROUP BY ALL
),
extreme AS (
    SELECT
        gpu, variant, memory_gb, pricing, term_months,
        first(offer ORDER BY usd_per_gpu_hour, provider, region) AS cheapest,
        first(offer ORDER BY usd_per_gpu_hour DESC, provider, region) AS dearest,
        min(fx_rate_on) AS fx_rate_on
    FROM offer
    GROUP BY ALL
)
SELECT
    middle.gpu, middle.variant, middle.memory_gb, middle.pricing, middle.term_months,
    middle.provider_count,
    cheapest.usd_per_gpu_hour AS min_usd_per_gpu_hour,
    middle.median_usd::DECIMAL(18, 6) AS median_usd_per_gpu_hour,
    dearest.usd_per_gpu_hour AS max_usd_per_gpu_hour,
    dearest.usd_per_gpu_hour::DOUBLE / cheapest.usd_per_gpu_hour::DOUBLE AS max_to_min_ratio,
    extreme.fx_rate_on,
    cheapest.provider AS cheapest_provider, cheapest.region AS cheapest_region,
    dearest.provider AS dearest_provider, dearest.region AS dearest_region
FROM middle
JOIN extreme
  ON (middle.gpu, middle.variant, middle.memory_gb, middle.pricing)
   = (extreme.gpu, extreme.variant, extreme.memory_gb, extreme.pricing)
 AND middle.term_months IS NOT DISTINCT FROM extreme.term_months
