-- Why spend of 30 days differs from the 30 before: price, volume, mix and the rest; they add up. Grain: cause. Inputs:
-- main.spend_change, all together, of the newest day decided up to the end of the period.
UNPIVOT (
    SELECT
        before_first_on || ' to ' || last_on AS period, price_usd AS price, volume_usd AS volume, mix_usd AS mix,
        cache_usd AS "cache", tier_usd AS tier, new_usd AS new_models, gone_usd AS models_gone
    FROM main.spend_change
    WHERE as_of = (SELECT max(as_of) FROM main.spend_change WHERE as_of <= $last::DATE + 1)
      AND scope = 'all' AND model = 'all' AND period = 'month'
) ON price, volume, mix, "cache", tier, new_models, models_gone INTO NAME cause VALUE usd
ORDER BY abs(usd) DESC, cause
