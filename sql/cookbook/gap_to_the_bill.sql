-- How far our cost is from the bill, by month and provider, and why. Days without a report are in missing_report_usd.
SELECT
    date_trunc('month', usage_date)::DATE AS month,
    provider,
    channel,
    sum(computed_usd) AS computed_usd,
    sum(reported_usd) AS reported_usd,
    sum(gap_usd) AS gap_usd,
    sum(missing_usage_usd) AS missing_usage_usd,
    sum(missing_report_usd) AS missing_report_usd,
    sum(discount_usd) AS discount_usd,
    sum(tier_usd) AS tier_usd,
    sum(quantity_usd + price_usd) AS quantity_and_price_usd,
    sum(longer_period_usd + rounding_usd + unexplained_usd) AS other_usd,
    count(DISTINCT usage_date) FILTER (gap_usd IS NULL OR unpriced_quantity > 0) AS days_with_unpriced_usage
FROM cost_reconciliation
GROUP BY ALL
ORDER BY abs(sum(gap_usd)) DESC NULLS FIRST
