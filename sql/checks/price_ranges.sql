-- How many prices of a day hold for prompts of a size for which another price of the same source holds, too.
-- Grain: usage_date, source. Inputs: core.token_price.
WITH price AS (
    SELECT
        usage_date, source, context_from, context_to,
        (source, provider, channel, region, model, meter, service_tier, time_window) AS terms
    FROM (SELECT unnest($dates)::DATE AS usage_date)
    JOIN core.token_price ON known_to IS NULL AND is_listed AND holds_at(valid_from, valid_to, usage_date)
)
SELECT
    usage_date,
    price.source,
    count(longer.source)::BIGINT AS overlaps
FROM price
LEFT JOIN price AS longer USING (usage_date, terms)
WHERE longer.context_from > price.context_from
  AND (price.context_to IS NULL OR price.context_to > longer.context_from)
GROUP BY usage_date, price.source
ORDER BY usage_date, price.source
