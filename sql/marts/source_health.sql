-- main.source_health: how each source stood at the end of a day.
-- Grain: as_of, source. Inputs: raw.source, raw.fetch, raw.parse, core.price_hold.
WITH attempt AS (
    SELECT
        asked.source,
        asked.fetched_at,
        coalesce(parsed.outcome = 'promoted', false) AS is_success,
        coalesce(parsed.change_count, 0) > 0 AS is_change,
        parsed.row_count,
        parsed.reject_count,
        coalesce(asked.error, parsed.reason, 'fetched but not parsed yet') AS reason
    FROM raw."fetch" AS asked
    LEFT JOIN raw.parse AS parsed USING (fetch_id)
),
day AS (
    SELECT as_of, as_of + INTERVAL 1 DAY AS day_end FROM (SELECT unnest($dates)::DATE AS as_of)
),
standing AS (
    SELECT
        day.as_of,
        day.day_end,
        source.source,
        source.kind,
        max(attempt.fetched_at) AS last_attempt_at,
        max(attempt.fetched_at) FILTER (attempt.is_success) AS last_success_at,
        max(attempt.fetched_at) FILTER (attempt.is_change) AS last_change_at,
        arg_max(attempt.row_count, attempt.fetched_at) FILTER (attempt.is_success) AS row_count,
        arg_max(attempt.reject_count, attempt.fetched_at) FILTER (attempt.is_success) AS reject_count,
        arg_max(attempt.reason, attempt.fetched_at) FILTER (NOT attempt.is_success) AS reason
    FROM day
    CROSS JOIN raw.source AS source
    LEFT JOIN attempt ON attempt.source = source.source AND attempt.fetched_at < day.day_end
    GROUP BY ALL
),
streak AS (
    SELECT standing.as_of, standing.source, min(attempt.fetched_at) AS failing_since, count(*) AS failures
    FROM standing
    JOIN attempt
      ON attempt.source = standing.source
     AND attempt.fetched_at < standing.day_end
     AND attempt.fetched_at > coalesce(standing.last_success_at, TIMESTAMP '1970-01-01')
    GROUP BY ALL
)
SELECT
    standing.as_of,
    standing.source,
    standing.kind,
    CASE
        WHEN streak.failures > 0 THEN 'failing'
        WHEN last_success_at IS NULL THEN 'never'
        WHEN last_success_at < day_end - INTERVAL 3 DAY THEN 'stale'
        ELSE 'ok'
    END AS status,
    last_attempt_at,
    last_success_at,
    streak.failing_since,
    coalesce(streak.failures, 0) AS consecutive_failures,
    date_diff('minute', last_success_at, day_end) / 60.0::DOUBLE AS age_hours,
    row_count,
    reject_count,
    (
        SELECT count(*) FROM core.price_hold AS hold
        WHERE hold.source = standing.source
          AND hold.first_seen_at < standing.day_end
          AND (hold.resolved_at IS NULL OR hold.resolved_at >= standing.day_end)
    ) AS open_hold_count,
    last_change_at,
    CASE WHEN streak.failures > 0 THEN standing.reason END AS reason
FROM standing
LEFT JOIN streak USING (as_of, source)
