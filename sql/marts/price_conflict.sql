-- main.price_conflict: every price in force now about which a source disagrees with the best source that lists it.
-- Grain: the key of a price, other_source, other_model. Inputs: core.token_price, raw.source, raw.fetch, raw.parse.
-- A snapshot id is set against the model's undated id where the believed source lists only that, unless some source
-- prices the two differently. The shipped history is no party: it is not in raw.source.
WITH version AS (
    SELECT
        * EXCLUDE (fetch_id),
        (provider, channel, region, meter, service_tier, context_from, time_window, unit) AS terms,
        undated(model) AS name,
        greatest(2, length(rtrim(split_part(usd_per_unit::VARCHAR, '.', 2), '0'))) AS decimals,
        trim(replace(usd_per_unit::VARCHAR, '.', ''), '0') AS digits
    FROM core.token_price
    WHERE known_to IS NULL
),
accepted AS (
    SELECT source, max(fetched_at) AS fetched_at FROM raw.parse WHERE outcome = 'promoted' GROUP BY source
),
listed AS (
    SELECT version.*, source.rank, source.standing, accepted.fetched_at
    FROM version
    JOIN raw.source AS source USING (source)
    LEFT JOIN accepted USING (source)
    WHERE is_listed
      AND holds_at(valid_from, valid_to, (SELECT max(fetched_at) FROM raw."fetch"))
),
own_price AS (
    SELECT DISTINCT dated.terms, dated.model
    FROM listed AS dated
    JOIN listed AS plain ON plain.source = dated.source AND plain.terms = dated.terms AND plain.model = dated.name
    WHERE plain.usd_per_unit <> dated.usd_per_unit
),
claim AS (
    SELECT terms, model, model AS claimed, price_id FROM listed
    UNION
    SELECT terms, model, name, price_id FROM listed ANTI JOIN own_price USING (terms, model)
),
pair AS (
    SELECT believed, other
    FROM claim
    JOIN listed AS other USING (price_id)
    JOIN listed AS believed
      ON believed.terms = claim.terms AND believed.model = claim.claimed AND believed.rank < other.rank
    QUALIFY row_number() OVER (PARTITION BY price_id ORDER BY believed.rank, claimed <> claim.model) = 1
),
before AS (
    SELECT pair.believed.price_id AS price_id, arg_max(version.usd_per_unit, version.valid_from) AS usd_per_unit
    FROM pair
    JOIN version ON version.terms = pair.believed.terms AND version.model = pair.believed.model
    WHERE version.source IN (pair.believed.source, 'price_history')
      AND version.valid_from < pair.believed.valid_from
      AND version.usd_per_unit <> pair.believed.usd_per_unit
    GROUP BY ALL
)
SELECT
    believed.provider, believed.channel, believed.region, believed.model, believed.meter, believed.service_tier,
    believed.context_from, believed.time_window, believed.unit,
    believed.source AS believed_source, believed.usd_per_unit AS believed_usd_per_unit,
    believed.valid_from AS believed_since, believed.fetched_at AS believed_fetched_at,
    other.source AS other_source, other.model AS other_model, other.usd_per_unit AS other_usd_per_unit,
    other.valid_from AS other_since, other.fetched_at AS other_fetched_at,
    100 * (other.usd_per_unit::DOUBLE / nullif(believed.usd_per_unit::DOUBLE, 0) - 1) AS pct_difference,
    CASE
        WHEN believed.standing = other.standing THEN 'two '
            || CASE believed.standing WHEN 'page' THEN 'pages' WHEN 'api' THEN 'price APIs' ELSE 'aggregators' END
            || '; ' || believed.source || ' comes first in the catalog'
        ELSE CASE believed.standing WHEN 'page' THEN 'the provider''s own page' ELSE 'its API' END
            || ' outranks ' || CASE other.standing WHEN 'api' THEN 'its API' ELSE 'aggregators' END
    END AS reason,
    CASE
        WHEN abs(other.usd_per_unit - believed.usd_per_unit) * 2000000
            <= 10 ** (6 - least(believed.decimals, other.decimals)) THEN 'rounding'
        WHEN other.digits = believed.digits THEN 'scale'
        WHEN other.usd_per_unit = before.usd_per_unit THEN 'older'
        WHEN other.context_to IS DISTINCT FROM believed.context_to THEN 'context range'
        ELSE 'unknown'
    END AS likely_cause
FROM pair
LEFT JOIN before ON before.price_id = believed.price_id
WHERE other.usd_per_unit <> believed.usd_per_unit
