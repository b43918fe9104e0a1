-- What this month, the next one and 90 days will cost, in all, with the band of 80 %.
SELECT period, spent_usd, projected_usd, low_usd, high_usd, past_error, last_on, as_of
FROM spend_forecast
WHERE scope = 'all'
QUALIFY as_of = max(as_of) OVER ()
ORDER BY first_on, last_on;
