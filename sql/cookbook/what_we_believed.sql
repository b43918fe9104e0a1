-- What on one day we believed another day's prices to be: announced and cancelled changes show here.
SELECT provider, model, meter, service_tier, usd_per_unit, source
FROM price_known_at(TIMESTAMP '2026-08-10 00:00', TIMESTAMP '2026-08-10 00:00')
WHERE model = 'gpt-5.6-luna';
