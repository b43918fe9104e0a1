-- The price of a model over time, one at a time: of the best source that stated one, and before any was read, of the
-- shipped history. known_from is when the warehouse learned it; the full truth per source is in core.token_price.
WITH version AS (
    SELECT
        price.*,
        (region, meter, context_from, time_window) AS price_key,
        coalesce(catalog.rank, 1_000_000) AS rank
    FROM core.token_price AS price
    LEFT JOIN raw.source AS catalog USING (source)
    WHERE known_to IS NULL
      AND provider = 'anthropic' AND model = 'claude-sonnet-5' AND channel = 'api' AND service_tier = 'standard'
),
outranked AS (
    SELECT
        version.price_id,
        bool_or(holds_at(better.valid_from, better.valid_to, version.valid_from)) AS has_better,
        min(better.valid_from) FILTER (better.valid_from > version.valid_from) AS better_from
    FROM version
    JOIN version AS better ON better.price_key = version.price_key AND better.rank < version.rank
    GROUP BY ALL
)
SELECT
    region, meter, context_from, time_window, usd_per_unit, unit, basis, valid_from,
    least(valid_to, better_from) AS valid_to, known_from, source, printed
FROM version
LEFT JOIN outranked USING (price_id)
WHERE NOT coalesce(has_better, false)
ORDER BY region, meter, context_from, time_window, valid_from;
