-- gpu_offer_known_at(valid_moment, known_moment): first-hand GPU rates listed at one moment, as known at another, in USD.
-- Example: SELECT * FROM gpu_offer_known_at(TIMESTAMP '2026-09-02 00:00', TIMESTAMP '2026-09-02 00:00') WHERE gpu = 'H100'
-- Inputs: core.gpu_rate, core.exchange_rate, raw.source. usd_per_gpu_hour is NULL where no reference rate is known.
CREATE OR REPLACE MACRO gpu_offer_known_at(valid_moment, known_moment) AS TABLE
SELECT
    rate.* REPLACE (in_usd(rate.usd_per_gpu_hour, rate.local_per_gpu_hour, fx.usd_per_currency) AS usd_per_gpu_hour),
    fx.rate_on AS fx_rate_on, fx.usd_per_currency
FROM core.gpu_rate AS rate
LEFT JOIN raw.source AS source USING (source)
LEFT JOIN core.exchange_rate AS fx
  ON fx.currency = rate.currency
 AND holds_at(fx.known_from, fx.known_to, known_moment)
 AND is_reference_rate(fx.valid_from, fx.valid_to, fx.rate_on, valid_moment)
WHERE holds_at(rate.known_from, rate.known_to, known_moment)
  AND holds_at(rate.valid_from, rate.valid_to, valid_moment)
  AND rate.is_listed
QUALIFY is_first_hand(source.standing, source.rank, rate.provider);
