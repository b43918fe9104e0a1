-- main.lifecycle_change: every statement about a model's end that was new or changed, on the day we learned of it.
-- Grain: lifecycle_id. Inputs: core.model_lifecycle, core.usage_cost, raw.fetch.
-- spend_30d_usd: cost of the 30 days before that day of the same id on that channel, or of its snapshots where the name itself ends.
WITH known AS (
    SELECT lifecycle_id, min(known_from) AS known_from FROM core.model_lifecycle GROUP BY lifecycle_id
),
source_start AS (
    SELECT source, min(known_from) AS started_at FROM core.model_lifecycle GROUP BY source
),
believed AS (
    SELECT
        version.* EXCLUDE (known_from),
        known.known_from,
        lag(version.state) OVER earlier AS old_state,
        lag(version.legacy_on) OVER earlier AS old_legacy_on,
        lag(version.price_change_on) OVER earlier AS old_price_change_on,
        lag(version.outcome) OVER earlier AS old_outcome,
        lag(version.retires_on) OVER earlier AS old_retires_on,
        lag(version.retires_precision) OVER earlier AS old_precision,
        lag(version.replacements) OVER earlier AS old_replacements
    FROM core.model_lifecycle AS version
    JOIN known USING (lifecycle_id)
    WHERE version.known_to IS NULL
    WINDOW earlier AS (
        PARTITION BY version.source, provider, channel, model, version.version, scope ORDER BY version.valid_from
    )
)
SELECT
    believed.known_from::DATE AS changed_on,
    provider,
    channel,
    model,
    believed.version,
    scope,
    old_state,
    state AS new_state,
    old_retires_on,
    retires_on AS new_retires_on,
    old_precision,
    retires_precision AS new_precision,
    old_legacy_on,
    legacy_on AS new_legacy_on,
    old_price_change_on,
    price_change_on AS new_price_change_on,
    old_outcome,
    believed.outcome AS new_outcome,
    old_replacements,
    replacements AS new_replacements,
    is_listed,
    (
        SELECT sum(used.cost_usd)
        FROM core.usage_cost AS used
        WHERE used.provider = believed.provider
          AND used.channel = believed.channel
          AND believed.model IN (used.model, undated(used.model))
          AND used.usage_date >= believed.known_from::DATE - 30
          AND used.usage_date < believed.known_from::DATE
    )::DECIMAL(38, 12) AS spend_30d_usd,
    believed.known_from,
    believed.known_from = source_start.started_at AS is_first_snapshot,
    believed.source,
    page.url,
    believed.fetch_id,
    believed.lifecycle_id
FROM believed
JOIN source_start USING (source)
LEFT JOIN raw."fetch" AS page USING (fetch_id)
WHERE believed.known_from::DATE IN (SELECT unnest($dates))
