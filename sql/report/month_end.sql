-- What this month, the next one and 90 days will cost, with bands. Grain: period, scope, model. Inputs:
-- main.spend_forecast, of the newest day decided up to the end of the period.
SELECT
    as_of, period, scope, provider, model, first_on, last_on, spent_usd, projected_usd, low_50_usd, high_50_usd,
    low_usd, high_usd, low_95_usd, high_95_usd, band_basis, past_error, is_lower_bound, spent_effective_usd,
    projected_effective_usd
FROM main.spend_forecast
WHERE as_of = (SELECT max(as_of) FROM main.spend_forecast WHERE as_of <= $last::DATE + 1)
  AND (scope = 'all' OR (scope = 'model' AND period = 'month'))
ORDER BY scope, first_on, last_on, projected_usd DESC NULLS LAST, model
