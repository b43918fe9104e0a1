-- The stored page behind the figures of each source: the newest that counts. Grain: source. Inputs: raw.fetch, raw.parse.
SELECT source, url, fetched_at, archive_path, left(sha256, 12) AS sha256, origin
FROM raw.fetch
WHERE sha256 IN (SELECT sha256 FROM raw.fetch JOIN raw.parse USING (fetch_id) WHERE raw.parse.outcome = 'promoted')
  AND archive_path IS NOT NULL AND fetched_at < $last::DATE + INTERVAL 2 DAY
QUALIFY row_number() OVER (PARTITION BY source ORDER BY fetched_at DESC, fetch_id) = 1
ORDER BY source
