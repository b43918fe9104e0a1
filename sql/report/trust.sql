-- How far the figures of a period can be trusted. Grain: one row. Inputs: main.cost_reconciliation,
-- main.cost_by_owner, main.cost_daily, main.source_health.
WITH bill AS (
    SELECT
        sum(computed_usd) FILTER (reported_usd IS NOT NULL) AS covered_usd, sum(computed_usd) AS computed_usd,
        sum(reported_usd) AS reported_usd, sum(gap_usd) FILTER (reported_usd IS NOT NULL) AS gap_usd,
        sum(unexplained_usd) FILTER (reported_usd IS NOT NULL) AS unexplained_usd
    FROM main.cost_reconciliation
    WHERE usage_date BETWEEN $first::DATE AND $last::DATE
),
used AS (
    SELECT sum(tokens) AS tokens, sum(unpriced_quantity) AS unpriced_quantity
    FROM main.cost_by_owner
    WHERE usage_date BETWEEN $first::DATE AND $last::DATE
),
bound AS (
    SELECT sum(cost_usd) FILTER (is_lower_bound) AS lower_bound_usd, sum(cost_usd) AS cost_usd
    FROM main.cost_daily
    WHERE usage_date BETWEEN $first::DATE AND $last::DATE
),
source AS (
    SELECT
        max(as_of) AS sources_as_of, count(*) FILTER (status = 'ok') AS fresh,
        count(*) FILTER (status IN ('stale', 'failing')) AS not_fresh,
        count(*) FILTER (status IN ('never', 'no_key')) AS never_read
    FROM main.source_health
    WHERE as_of = (SELECT max(as_of) FROM main.source_health WHERE as_of <= $last::DATE + 1)
)
SELECT
    100 * abs(gap_usd)::DOUBLE / nullif(reported_usd, 0)::DOUBLE AS gap_pct,
    100 * covered_usd::DOUBLE / nullif(computed_usd, 0)::DOUBLE AS covered_pct,
    100 * unpriced_quantity::DOUBLE / nullif(tokens, 0)::DOUBLE AS unpriced_pct,
    100 * lower_bound_usd::DOUBLE / nullif(cost_usd, 0)::DOUBLE AS lower_bound_pct,
    *
FROM bill, used, bound, source
