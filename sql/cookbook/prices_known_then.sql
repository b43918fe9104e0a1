-- What on one day (the second moment) another day's prices (the first) were known to be, beside what we know now.
-- Announced changes show here; so do those that were cancelled: on 2026-08-01 Sonnet 5 was to cost more from 09-01 on.
SELECT
    past.channel, past.region, past.service_tier, past.meter, past.context_from,
    past.usd_per_unit AS known_then, known.usd_per_unit AS known_now, past.unit, past.source
FROM price_known_at(TIMESTAMP '2026-09-02 00:00', TIMESTAMP '2026-08-01 00:00') AS past
LEFT JOIN price_as_of(TIMESTAMP '2026-09-02 00:00') AS known
  USING (source, provider, channel, region, model, meter, service_tier, context_from, time_window)
WHERE past.provider = 'anthropic' AND past.model = 'claude-sonnet-5'
ORDER BY ALL;
