-- Sources that are stale or failing, since when and why.
SELECT source, kind, status, last_success_at, failing_since, consecutive_failures, reason
FROM source_health
WHERE as_of = (SELECT max(as_of) FROM source_health) AND status IN ('stale', 'failing')
ORDER BY failing_since NULLS LAST, source;
