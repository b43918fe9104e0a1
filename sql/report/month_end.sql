-- What this month, the next one and 90 days will cost: at list price, and what is owed of it, both with bands.
-- Grain: period, scope, model. Inputs: main.spend_forecast, of the newest day decided up to the end of the period.
-- is_whole: of all that the page is of, an owner where it is of one. An end of a band is as far from what is owed as
-- from the list price, times what is owed of what is to come, of which plan fees, which are sure, are no part: so at
-- most as far.
WITH forecast AS (
    SELECT
        *,
        scope <> 'model' AS is_whole,
        least(1, (projected_effective_usd - spent_effective_usd)::DOUBLE / nullif(remaining_usd, 0)::DOUBLE) AS owed_share
    FROM main.spend_forecast
    WHERE as_of = (SELECT max(as_of) FROM main.spend_forecast WHERE as_of <= $last::DATE + 1)
      AND CASE WHEN $owner = '' THEN scope = 'all' OR (scope = 'model' AND period = 'month') ELSE owner = $owner END
    -- A team and a project may have one name: the page is of what is called so.
    QUALIFY scope = 'model' OR row_number() OVER (PARTITION BY period ORDER BY projected_usd DESC NULLS LAST, scope) = 1
        OR $owner = ''
)
SELECT
    as_of, period, scope, provider, model, first_on, last_on, spent_usd, projected_usd, low_50_usd, high_50_usd,
    low_usd, high_usd, low_95_usd, high_95_usd, band_basis, past_error, is_lower_bound, is_whole, spent_effective_usd,
    projected_effective_usd,
    CASE WHEN COLUMNS('^((?:low|high)(?:_50|_95)?)_usd$') IS NOT NULL THEN
        greatest(
            spent_effective_usd,
            projected_effective_usd
                + (((COLUMNS('^((?:low|high)(?:_50|_95)?)_usd$') - projected_usd) * owed_share)::DECIMAL(38, 6))
        )
    END AS '\1_effective_usd'
FROM forecast
ORDER BY scope, first_on, last_on, projected_usd DESC NULLS LAST, model
