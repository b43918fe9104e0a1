-- main.price_change: every new, changed, vanished, returned, corrected or cancelled price, on the day it was learned.
-- Grain: price_id, kind, known_from. Inputs: core.token_price, core.usage_cost, raw.fetch.
-- A version is set against the other versions of its source as they were known then; shipped history is no news.
WITH version AS (
    SELECT
        *,
        (source, provider, channel, region, model, meter, service_tier, context_from, time_window) AS price_key,
        (usd_per_unit, unit, context_to, is_listed) AS facts,
        lag(known_to) OVER again IS NOT DISTINCT FROM known_from AS is_restated,
        lead(known_from) OVER again IS NOT DISTINCT FROM known_to AS is_restated_later
    FROM core.token_price
    WHERE source <> 'price_history' AND (known_to IS NULL OR known_to > known_from)
    WINDOW again AS (PARTITION BY price_id ORDER BY known_from)
),
news AS (
    SELECT *, known_from AS learned_at, false AS is_cancelled,
        basis = 'corrected' AND (is_listed OR valid_from <> known_from) AS is_corrected
    FROM version
    WHERE NOT is_restated AND known_from::DATE IN (SELECT unnest($dates))
    UNION ALL
    SELECT *, known_to, true, false
    FROM version
    WHERE known_to < valid_from AND NOT is_restated_later AND known_to::DATE IN (SELECT unnest($dates))
),
-- was: what was believed of its first moment until then; beside: what stands there or before it from then on.
compared AS (
    SELECT
        news.*,
        arg_max(other, other.valid_from) FILTER (other.known_from < learned_at
            AND (other.known_to IS NULL OR other.known_to >= learned_at)) AS was,
        arg_max(other, other.valid_from) FILTER (holds_at(other.known_from, other.known_to, learned_at)) AS beside
    FROM news
    LEFT JOIN version AS other
      ON other.price_key = news.price_key AND other.price_id <> news.price_id AND other.valid_from <= news.valid_from
    GROUP BY ALL
),
change AS (
    SELECT
        *,
        CASE WHEN is_cancelled THEN usd_per_unit ELSE other.usd_per_unit END AS old_usd,
        CASE WHEN is_cancelled THEN other.usd_per_unit ELSE usd_per_unit END AS new_usd,
        (new_usd - old_usd)::DECIMAL(18, 6) * CASE unit WHEN 'mtok' THEN 0.000001 ELSE 0.001 END AS usd_each
    FROM (SELECT *, CASE WHEN is_corrected THEN was ELSE beside END AS other FROM compared)
    -- The same price in another version is no news, unless it is an announced one that moves to another day.
    WHERE facts IS DISTINCT FROM CASE WHEN is_corrected THEN was.facts ELSE beside.facts END
      AND (is_cancelled OR facts IS DISTINCT FROM was.facts OR valid_from > greatest(learned_at, was.valid_from))
),
touched AS (
    SELECT
        price_id, learned_at, is_cancelled,
        sum(quantity * usd_each) FILTER (usage_date >= learned_at::DATE - 30) AS last_30_days,
        sum(quantity * usd_each) FILTER (is_corrected AND usage_date < coalesce(valid_to, learned_at)
            AND (usage_date >= valid_from OR used_id = price_id)) AS whole_past
    FROM (SELECT *, unnest([price_id, other.price_id]) AS used_id FROM change WHERE usd_each IS NOT NULL) AS change
    JOIN (SELECT price_id AS used_id, usage_date, quantity FROM core.usage_cost) AS used USING (used_id)
    WHERE usage_date < learned_at::DATE
    GROUP BY ALL
)
SELECT
    learned_at::DATE AS changed_on,
    CASE
        WHEN is_cancelled THEN 'announced_cancelled'
        WHEN is_corrected THEN 'corrected'
        WHEN other.price_id IS NULL THEN 'new'
        WHEN other.is_listed AND NOT is_listed THEN 'vanished'
        WHEN is_listed AND NOT other.is_listed AND new_usd = old_usd THEN 'returned'
        ELSE 'changed'
    END AS kind,
    provider, channel, region, model, meter, service_tier, context_from, time_window,
    old_usd AS old_usd_per_unit, new_usd AS new_usd_per_unit, unit,
    100 * (new_usd::DOUBLE / nullif(old_usd::DOUBLE, 0) - 1) AS pct_change,
    valid_from, learned_at AS known_from, valid_from > learned_at AS is_announced,
    learned_at = (SELECT min(first.known_from) FROM version AS first WHERE first.source = change.source)
        AS is_first_snapshot,
    change.source, page.url, change.fetch_id, change.price_id,
    last_30_days::DECIMAL(38, 12) AS usd_per_month_effect, whole_past::DECIMAL(38, 12) AS usd_correction
FROM change LEFT JOIN touched USING (price_id, learned_at, is_cancelled) LEFT JOIN raw."fetch" AS page USING (fetch_id)
