-- What would save, by model, as of the newest day decided. Levers overlap: do not add them up.
SELECT lever, provider, model, usd_per_month, basis, reason, stacking
FROM saving
WHERE as_of = (SELECT max(as_of) FROM saving) AND usd_per_month > 0 AND lever NOT LIKE '%_saved'
ORDER BY usd_per_month DESC;
