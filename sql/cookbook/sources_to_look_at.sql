-- Sources that are stale or failing, since when and why.
SELECT source, kind, status, last_success_at, failing_since, consecutive_failures, reason
FROM source_health
WHERE status IN ('stale', 'failing')
QUALIFY as_of = max(as_of) OVER ()
ORDER BY failing_since NULLS LAST, source;
