-- Every price a model had, by source, with when we learned of it.
SELECT meter, service_tier, context_from, usd_per_unit, valid_from, valid_to, known_from, source
FROM core.token_price
WHERE model = 'gpt-5.6-luna' AND known_to IS NULL
ORDER BY source, service_tier, meter, context_from, valid_from;
