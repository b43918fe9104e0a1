-- What has no price, why, and what to do: most tokens first.
SELECT provider, model, unpriced_reason, min(usage_date) AS first_day, max(usage_date) AS last_day,
    sum(quantity) AS quantity, min(remedy) AS remedy
FROM cost_unpriced
GROUP BY ALL
ORDER BY quantity DESC;
