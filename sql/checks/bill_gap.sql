-- How far our cost of a day lies from what a bill or log says, as a share of the larger of the two.
-- Grain: usage_date, provider, report; only what a report covers. Inputs: main.cost_reconciliation.
-- Credits and lines for more than a day say nothing about the usage of a day and are left out. Usage without a price
-- costs nothing here: the bill for it is part of the gap. A gap below $min_gap_usd counts as none.
WITH compared AS (
    SELECT
        usage_date,
        provider,
        report,
        sum(coalesce(computed_usd, 0)) AS computed_usd,
        sum(coalesce(gap_usd - discount_usd - longer_period_usd, -coalesce(reported_usd, 0))) AS gap_usd
    FROM main.cost_reconciliation
    WHERE usage_date IN (SELECT unnest($dates))
      AND report IS NOT NULL
    GROUP BY ALL
)
SELECT
    usage_date,
    provider,
    report,
    computed_usd::DECIMAL(38, 12) AS computed_usd,
    (computed_usd - gap_usd)::DECIMAL(38, 12) AS billed_usd,
    gap_usd::DECIMAL(38, 12) AS gap_usd,
    CASE
        WHEN abs(gap_usd) < $min_gap_usd THEN 0.0
        ELSE abs(gap_usd)::DOUBLE / greatest(abs(computed_usd), abs(computed_usd - gap_usd))::DOUBLE
    END AS gap_share
FROM compared
ORDER BY usage_date, provider, report
