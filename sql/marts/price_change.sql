-- main.price_change: every new, changed, vanished or returned price, on the day the warehouse learned of it.
-- Grain: price_id. Inputs: core.token_price, core.usage_cost, raw.fetch.
-- usd_per_month_effect: usage of the 30 days before that day which the old or the new version priced, times new - old.
WITH known AS (
    SELECT price_id, min(known_from) AS known_from FROM core.token_price GROUP BY price_id
),
source_start AS (
    SELECT source, min(known_from) AS started_at FROM core.token_price GROUP BY source
),
believed AS (
    SELECT
        version.* EXCLUDE (known_from),
        known.known_from,
        lag(version.price_id) OVER earlier AS old_price_id,
        lag(version.usd_per_unit) OVER earlier AS old_usd_per_unit,
        lag(version.is_listed) OVER earlier AS was_listed
    FROM core.token_price AS version
    JOIN known USING (price_id)
    WHERE version.known_to IS NULL
    WINDOW earlier AS (
        PARTITION BY version.source, provider, channel, region, model, meter, service_tier, context_from
        ORDER BY version.valid_from
    )
)
SELECT
    believed.known_from::DATE AS changed_on,
    CASE
        WHEN old_price_id IS NULL THEN 'new'
        WHEN was_listed AND NOT is_listed THEN 'vanished'
        WHEN is_listed AND NOT was_listed AND usd_per_unit = old_usd_per_unit THEN 'returned'
        ELSE 'changed'
    END AS kind,
    provider,
    model,
    meter,
    service_tier,
    context_from,
    old_usd_per_unit,
    usd_per_unit AS new_usd_per_unit,
    unit,
    100 * (usd_per_unit::DOUBLE / nullif(old_usd_per_unit::DOUBLE, 0) - 1) AS pct_change,
    valid_from,
    believed.known_from,
    believed.known_from = source_start.started_at AS is_first_snapshot,
    believed.source,
    page.url,
    believed.fetch_id,
    believed.price_id,
    (
        SELECT sum(used.quantity * (believed.usd_per_unit - believed.old_usd_per_unit)::DECIMAL(18, 6))
            * CASE believed.unit WHEN 'mtok' THEN 0.000001 ELSE 0.001 END
        FROM core.usage_cost AS used
        WHERE used.price_id IN (believed.price_id, believed.old_price_id)
          AND used.meter = believed.meter
          AND used.usage_date >= believed.known_from::DATE - 30
          AND used.usage_date < believed.known_from::DATE
    )::DECIMAL(38, 12) AS usd_per_month_effect
FROM believed
JOIN source_start USING (source)
LEFT JOIN raw."fetch" AS page USING (fetch_id)
WHERE believed.known_from::DATE IN (SELECT unnest($dates))
