-- What would save, by model, as of the newest day decided. Levers overlap: do not add them up.
SELECT lever, provider, model, usd_per_month, basis, reason, stacking
FROM saving
WHERE usd_per_month > 0 AND lever NOT LIKE '%_saved'
QUALIFY as_of = max(as_of) OVER ()
ORDER BY usd_per_month DESC;
