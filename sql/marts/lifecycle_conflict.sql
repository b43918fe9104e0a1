-- main.lifecycle_conflict: every statement in force about a model's retirement that contradicts the best source.
-- Grain: other_lifecycle_id. Inputs: core.model_lifecycle, raw.source, raw.fetch, raw.parse.
-- A date is a span: a day, a month, or from a floor on. Spans that do not meet contradict each other, and so does a day
-- or month where the other prints no date; no date beside a floor does not. A region of the other is held against the
-- believed row whose scope has it, else against the whole.
WITH accepted AS (
    SELECT source, max(fetched_at) AS fetched_at FROM raw.parse WHERE outcome = 'promoted' GROUP BY source
),
listed AS (
    SELECT
        version.*,
        source.rank,
        source.standing,
        accepted.fetched_at,
        retires_precision IN ('day', 'month') AS is_firm,
        CASE retires_precision
            WHEN 'day' THEN retires_on
            WHEN 'month' THEN last_day(retires_on)
            WHEN 'floor' THEN DATE '9999-12-31'
        END AS retires_until
    FROM core.model_lifecycle AS version
    JOIN raw.source AS source USING (source)
    LEFT JOIN accepted USING (source)
    WHERE known_to IS NULL
      AND is_listed
      AND holds_at(valid_from, valid_to, (SELECT max(fetched_at) FROM raw."fetch"))
),
pair AS (
    SELECT believed, other
    FROM listed AS other
    JOIN listed AS believed
      ON believed.provider = other.provider
     AND believed.channel = other.channel
     AND believed.model = other.model
     AND believed.version = other.version
     AND believed.rank < other.rank
     AND (believed.scope IN ('all', other.scope) OR other.scope IN (SELECT unnest(string_split(believed.scope, ','))))
    QUALIFY row_number() OVER (
        PARTITION BY other.source, other.lifecycle_id ORDER BY believed.rank, believed.scope = 'all'
    ) = 1
),
judged AS (
    SELECT
        believed,
        other,
        CASE
            WHEN believed.is_firm AND other.retires_on IS NULL THEN 'believed_only'
            WHEN other.is_firm AND believed.retires_on IS NULL THEN 'other_only'
            WHEN believed.retires_on > other.retires_until OR other.retires_on > believed.retires_until THEN 'dates'
        END AS contradiction
    FROM pair
)
SELECT
    other.provider, other.channel, other.model, other.version, contradiction,
    believed.scope AS believed_scope, believed.source AS believed_source, believed.state AS believed_state,
    believed.retires_on AS believed_retires_on, believed.retires_precision AS believed_precision,
    believed.retires_printed AS believed_printed, believed.fetched_at AS believed_fetched_at,
    believed.lifecycle_id AS believed_lifecycle_id,
    other.scope AS other_scope, other.source AS other_source, other.state AS other_state,
    other.retires_on AS other_retires_on, other.retires_precision AS other_precision,
    other.retires_printed AS other_printed, other.fetched_at AS other_fetched_at,
    other.lifecycle_id AS other_lifecycle_id,
    other.retires_on - believed.retires_on AS days_difference,
    CASE
        WHEN believed.standing = other.standing THEN 'two sources of one standing; ' || believed.source
            || ' comes first in the catalog'
        ELSE CASE believed.standing WHEN 'page' THEN 'the provider''s own page' ELSE 'its API' END
            || ' outranks ' || CASE other.standing WHEN 'api' THEN 'its API' ELSE 'aggregators' END
    END AS reason
FROM judged
WHERE contradiction IS NOT NULL
