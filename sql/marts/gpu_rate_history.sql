-- main.gpu_rate_history: every GPU rate over time as it is believed now, beside the rate before it.
-- Grain: rate_id. Inputs: core.gpu_rate, core.exchange_rate, raw.fetch.
-- A change is measured in the currency that is printed; across two currencies there is none. A figure in USD is
-- converted at the reference rate of the day from which the rate holds, which is at most a week older.
WITH known AS (
    SELECT rate_id, min(known_from) AS known_from FROM core.gpu_rate GROUP BY rate_id
),
version AS (
    SELECT
        rate.* EXCLUDE (known_from),
        known.known_from,
        lag(rate.currency) OVER earlier AS old_currency,
        lag(rate.local_per_gpu_hour) OVER earlier AS old_local
    FROM core.gpu_rate AS rate
    JOIN known USING (rate_id)
    WHERE rate.known_to IS NULL
    WINDOW earlier AS (
        PARTITION BY
            source, provider, tier, sku, gpu, variant, memory_gb, gpu_count, gpu_fraction, region, pricing, term_months
        ORDER BY valid_from
    )
)
SELECT
    provider, tier, sku, gpu, variant, memory_gb, gpu_count, gpu_fraction, region, pricing, term_months,
    version.valid_from, version.valid_to, version.known_from,
    in_usd(usd_per_gpu_hour, local_per_gpu_hour, fx.usd_per_currency) AS usd_per_gpu_hour,
    local_per_gpu_hour, version.currency, fx.rate_on AS fx_rate_on, fx.usd_per_currency,
    CASE WHEN old_currency = version.currency THEN old_local END AS old_local_per_gpu_hour,
    100 * (local_per_gpu_hour::DOUBLE / old_local_per_gpu_hour::DOUBLE - 1) AS pct_change,
    price_kind, is_sold_out, version.is_listed, version.source, page.url, version.fetch_id, rate_id
FROM version
LEFT JOIN raw."fetch" AS page USING (fetch_id)
LEFT JOIN core.exchange_rate AS fx
  ON fx.currency = version.currency
 AND fx.known_to IS NULL
 AND is_reference_rate(fx.valid_from, fx.valid_to, fx.rate_on, version.valid_from)
