-- Each month against the one before, by model: what rose and what fell.
SELECT
    month, model, usd, lag(usd) OVER before AS usd_before, usd - lag(usd) OVER before AS change_usd
FROM (
    SELECT date_trunc('month', usage_date)::DATE AS month, model, sum(cost_usd) AS usd FROM cost_daily GROUP BY ALL
)
WINDOW before AS (PARTITION BY model ORDER BY month)
ORDER BY month DESC, abs(change_usd) DESC NULLS LAST;
