-- main.source_health: how each source stood at the end of a day.
-- Grain: as_of, source. Inputs: raw.source, raw.fetch, raw.parse, core.price_hold.
WITH attempt AS (
    SELECT
        asked.source,
        asked.fetched_at,
        asked.origin,
        coalesce(parsed.outcome = 'promoted', false) AS is_success,
        coalesce(parsed.change_count, 0) > 0 AS is_change,
        parsed.row_count,
        parsed.reject_count,
        median(parsed.row_count) OVER ten_before AS usual_row_count,
        coalesce(asked.error, parsed.reason, 'fetched but not parsed yet') AS reason
    FROM raw."fetch" AS asked
    LEFT JOIN raw.parse AS parsed USING (fetch_id)
    WINDOW ten_before AS (
        PARTITION BY asked.source, parsed.outcome
        ORDER BY asked.fetched_at ROWS BETWEEN 10 PRECEDING AND 1 PRECEDING
    )
),
day AS (
    SELECT as_of, as_of + INTERVAL 1 DAY AS day_end FROM (SELECT unnest($dates)::DATE AS as_of)
),
stood AS (
    SELECT
        day.as_of,
        day.day_end,
        source.source,
        source.kind,
        source.standing,
        source.url,
        source.is_asked,
        bool_or(source.is_proven OR coalesce(attempt.is_success AND attempt.origin = 'live', false)) AS is_proven,
        max(attempt.fetched_at) AS last_attempt_at,
        max(attempt.fetched_at) FILTER (attempt.is_success) AS last_success_at,
        max(attempt.fetched_at) FILTER (attempt.is_change) AS last_change_at,
        arg_max(attempt.row_count, attempt.fetched_at) FILTER (attempt.is_success) AS row_count,
        arg_max(attempt.reject_count, attempt.fetched_at) FILTER (attempt.is_success) AS reject_count,
        arg_max(attempt.usual_row_count, attempt.fetched_at) FILTER (attempt.is_success) AS usual_row_count,
        arg_max(attempt.reason, attempt.fetched_at) FILTER (NOT attempt.is_success) AS reason
    FROM day
    CROSS JOIN raw.source AS source
    LEFT JOIN attempt ON attempt.source = source.source AND attempt.fetched_at < day.day_end
    GROUP BY ALL
),
streak AS (
    SELECT stood.as_of, stood.source, min(attempt.fetched_at) AS failing_since, count(*) AS failures
    FROM stood
    JOIN attempt
      ON attempt.source = stood.source
     AND attempt.fetched_at < stood.day_end
     AND attempt.fetched_at > coalesce(stood.last_success_at, TIMESTAMP '1970-01-01')
    GROUP BY ALL
)
SELECT
    stood.* EXCLUDE (day_end, usual_row_count, reason, is_asked),
    CASE
        WHEN NOT is_asked THEN 'no_key'
        WHEN streak.failures > 0 THEN 'failing'
        WHEN last_success_at IS NULL THEN 'never'
        WHEN last_success_at < day_end - INTERVAL 3 DAY THEN 'stale'
        ELSE 'ok'
    END AS status,
    streak.failing_since,
    coalesce(streak.failures, 0) AS consecutive_failures,
    date_diff('minute', last_success_at, day_end) / 60.0::DOUBLE AS age_hours,
    100 * (row_count / nullif(usual_row_count, 0) - 1) AS row_count_change_pct,
    reject_count / nullif(row_count + reject_count, 0) AS reject_share,
    (
        SELECT count(*) FROM core.price_hold AS hold
        WHERE hold.source = stood.source
          AND hold.first_seen_at < stood.day_end
          AND (hold.resolved_at IS NULL OR hold.resolved_at >= stood.day_end)
    ) AS open_hold_count,
    CASE WHEN streak.failures > 0 THEN stood.reason END AS reason
FROM stood
LEFT JOIN streak USING (as_of, source)
