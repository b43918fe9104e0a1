-- What this month, the next one and 90 days will cost: at list price, and what is owed of it, both with bands.
-- Grain: period, scope, model. Inputs: main.spend_forecast, of the newest day decided up to the end of the period.
-- An end of a band is as far from what is owed as from the list price, times what is owed of what is to come, of which
-- plan fees, which are sure, are no part: so at most as far.
WITH forecast AS (
    SELECT
        *,
        least(1, (projected_effective_usd - spent_effective_usd)::DOUBLE / nullif(remaining_usd, 0)::DOUBLE) AS owed_share
    FROM main.spend_forecast
    WHERE as_of = (SELECT max(as_of) FROM main.spend_forecast WHERE as_of <= $last::DATE + 1)
      AND (scope = 'all' OR (scope = 'model' AND period = 'month'))
)
SELECT
    as_of, period, scope, provider, model, first_on, last_on, spent_usd, projected_usd, low_50_usd, high_50_usd,
    low_usd, high_usd, low_95_usd, high_95_usd, band_basis, past_error, is_lower_bound, spent_effective_usd,
    projected_effective_usd,
    greatest(spent_effective_usd, projected_effective_usd + (((low_50_usd - projected_usd) * owed_share)::DECIMAL(38, 6)))
        AS low_50_effective_usd,
    greatest(spent_effective_usd, projected_effective_usd + (((high_50_usd - projected_usd) * owed_share)::DECIMAL(38, 6)))
        AS high_50_effective_usd,
    greatest(spent_effective_usd, projected_effective_usd + (((low_usd - projected_usd) * owed_share)::DECIMAL(38, 6)))
        AS low_effective_usd,
    greatest(spent_effective_usd, projected_effective_usd + (((high_usd - projected_usd) * owed_share)::DECIMAL(38, 6)))
        AS high_effective_usd,
    greatest(spent_effective_usd, projected_effective_usd + (((low_95_usd - projected_usd) * owed_share)::DECIMAL(38, 6)))
        AS low_95_effective_usd,
    greatest(spent_effective_usd, projected_effective_usd + (((high_95_usd - projected_usd) * owed_share)::DECIMAL(38, 6)))
        AS high_95_effective_usd
FROM forecast
ORDER BY scope, first_on, last_on, projected_usd DESC NULLS LAST, model
