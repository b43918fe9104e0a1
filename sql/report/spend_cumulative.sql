-- Spend of this month and of the one before, day by day, summed up. Grain: month, day of the month. Inputs: spend_of.
SELECT
    month,
    day_of_month,
    sum(usd) OVER (PARTITION BY month ORDER BY day_of_month) AS usd_to_date
FROM (
    SELECT date_trunc('month', usage_date)::DATE AS month, day(usage_date) AS day_of_month, sum(usd) AS usd
    FROM spend_of($owner::VARCHAR)
    WHERE usage_date BETWEEN date_trunc('month', $last::DATE) - INTERVAL 1 MONTH AND $last::DATE
    GROUP BY ALL
)
ORDER BY month, day_of_month
