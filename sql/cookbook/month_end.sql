-- What this month, the next one and 90 days will cost, in all, with the band of 80 %, and what is owed of it.
SELECT period, spent_usd, projected_usd, low_usd, high_usd, projected_effective_usd AS owed_usd, past_error, last_on, as_of
FROM spend_forecast
WHERE as_of = (SELECT max(as_of) FROM spend_forecast) AND scope = 'all'
ORDER BY first_on, last_on;
