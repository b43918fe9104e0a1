-- main.gpu_rate_current: every GPU rate that a source prints now, "now" being the moment of the newest fetch.
-- Grain: rate_id. Inputs: core.gpu_rate, core.exchange_rate, raw.source, raw.fetch, raw.parse.
-- Another currency is converted at the reference rate of today. An aggregator's rate is an offer as is_first_hand says.
-- The shipped history is no offer of today. age_days tells how old the reading is: a body that was read with success, or the same body again.
WITH moment AS (
    SELECT max(fetched_at) AS now FROM raw."fetch"
),
promoted AS (
    SELECT asked.source, asked.sha256, max(asked.fetched_at) AS fetched_at
    FROM raw."fetch" AS asked
    JOIN raw.parse AS parsed USING (fetch_id)
    WHERE parsed.outcome = 'promoted'
    GROUP BY ALL
),
seen AS (
    SELECT promoted.source, max(greatest(promoted.fetched_at, again.fetched_at)) AS last_read_at
    FROM promoted
    LEFT JOIN raw."fetch" AS again
      ON again.source = promoted.source AND again.sha256 = promoted.sha256 AND again.outcome = 'unchanged'
    GROUP BY ALL
)
SELECT
    rate.provider, rate.tier, rate.sku, rate.gpu, rate.variant, rate.memory_gb, rate.gpu_count, rate.gpu_fraction,
    rate.region, rate.pricing, rate.term_months,
    in_usd(rate.usd_per_gpu_hour, rate.local_per_gpu_hour, fx.usd_per_currency) AS usd_per_gpu_hour,
    rate.local_per_gpu_hour, rate.currency, fx.rate_on AS fx_rate_on, fx.usd_per_currency,
    rate.price_kind, rate.is_sold_out,
    rate.valid_from AS since,
    date_diff('day', seen.last_read_at::DATE, moment.now::DATE) AS age_days,
    rate.source, source.standing,
    is_first_hand(source.standing, source.rank, rate.provider) AS is_offer,
    page.url, rate.rate_id
FROM core.gpu_rate AS rate
CROSS JOIN moment
LEFT JOIN seen USING (source)
LEFT JOIN raw.source AS source USING (source)
LEFT JOIN core.exchange_rate AS fx
  ON fx.currency = rate.currency
 AND fx.known_to IS NULL
 AND is_reference_rate(fx.valid_from, fx.valid_to, fx.rate_on, moment.now)
LEFT JOIN raw."fetch" AS page ON page.fetch_id = rate.fetch_id
WHERE rate.source <> 'gpu_rate_history'
  AND rate.known_to IS NULL
  AND rate.is_listed
  AND holds_at(rate.valid_from, rate.valid_to, moment.now)
