-- What the money is for: fresh input, cache, output, audio, images, fees; by model, newest 30 days with usage.
SELECT model, meter_group, sum(quantity) AS quantity, sum(cost_usd) AS cost_usd
FROM cost_daily
WHERE usage_date > (SELECT max(usage_date) FROM cost_daily) - 30
GROUP BY ALL
ORDER BY cost_usd DESC NULLS LAST;
