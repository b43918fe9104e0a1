-- main.cost_reconciliation: our cost against the bill, day by day, with the gap split by what the data prove.
-- Grain: usage_date, provider, channel, model, account_id, project_id, api_key_id, report; as finely as the report tells.
-- Inputs: core.cost_comparison. gap_usd is the sum of the columns from contract_usd to unexplained_usd.
-- What the contract takes off the list price is proven by the contract; all else is held against what is left.
WITH judged AS (
    SELECT
        *,
        coalesce(effective_usd, computed_usd) AS paid_usd,
        coalesce(paid_usd, 0) - coalesce(billed_usd, 0) AS open_usd,
        CASE
            WHEN has_usage AND paid_usd IS NULL THEN 'unpriced'
            WHEN has_usage AND billed_usd IS NULL THEN 'missing_report'
            WHEN open_usd = 0 AND unpriced_quantity = 0 THEN 'equal'
            WHEN NOT has_usage THEN 'missing_usage'
            WHEN unpriced_quantity > 0 THEN 'partly_unpriced'
            WHEN abs(open_usd) <= tolerance_usd THEN 'rounding'
            WHEN other_tier_usd IS NOT NULL THEN 'tier'
            WHEN charged_usd IS NOT NULL THEN 'charged'
            WHEN list_usd IS NOT NULL THEN 'list'
            ELSE 'unexplained'
        END AS cause,
        CASE WHEN cause <> 'unpriced' THEN 0::DECIMAL(38, 12) END AS zero,
        abs(list_usd - billed_usd) > tolerance_usd AS is_other_price
    FROM core.cost_comparison
    WHERE usage_date IN (SELECT unnest($dates))
)
SELECT
    usage_date,
    provider,
    channel,
    model,
    account_id,
    project_id,
    api_key_id,
    report,
    CASE WHEN has_usage THEN computed_usd END AS computed_usd,
    CASE WHEN report_lines > 0
        THEN coalesce(billed_usd, 0) + coalesce(credit_usd, 0) + coalesce(longer_usd, 0) END AS reported_usd,
    zero + coalesce(computed_usd, 0) - coalesce(billed_usd, 0) - coalesce(credit_usd, 0) - coalesce(longer_usd, 0) AS gap_usd,
    zero + coalesce(computed_usd, 0) - coalesce(paid_usd, 0) AS contract_usd,
    CASE cause WHEN 'missing_usage' THEN open_usd ELSE zero END AS missing_usage_usd,
    CASE cause WHEN 'missing_report' THEN open_usd ELSE zero END AS missing_report_usd,
    CASE cause WHEN 'charged' THEN zero - fee_usd ELSE zero END AS marketplace_usd,
    CASE cause WHEN 'charged' THEN paid_usd + fee_usd - charged_usd ELSE zero END AS tax_usd,
    zero - coalesce(credit_usd, 0) AS discount_usd,
    zero - coalesce(longer_usd, 0) AS longer_period_usd,
    CASE cause WHEN 'tier' THEN paid_usd - other_tier_usd ELSE zero END AS tier_usd,
    CASE cause WHEN 'list' THEN paid_usd - list_usd ELSE zero END AS quantity_usd,
    CASE WHEN cause = 'list' AND is_other_price THEN list_usd - billed_usd ELSE zero END AS price_usd,
    CASE
        WHEN cause = 'rounding' THEN open_usd
        WHEN cause = 'tier' THEN other_tier_usd - billed_usd
        WHEN cause = 'charged' THEN charged_usd - billed_usd
        WHEN cause = 'list' AND NOT is_other_price THEN list_usd - billed_usd
        ELSE zero
    END AS rounding_usd,
    CASE WHEN cause IN ('partly_unpriced', 'unexplained') THEN open_usd ELSE zero END AS unexplained_usd,
    unpriced_quantity,
    is_lower_bound,
    CASE cause
        WHEN 'unpriced' THEN 'the usage has no price: see cost_unpriced'
        WHEN 'missing_report' THEN CASE WHEN report IS NULL THEN 'no report covers this usage'
            ELSE 'the report has no line for this usage' END
        WHEN 'equal' THEN 'no difference'
        WHEN 'missing_usage' THEN 'billed, but the ledger holds no usage of it: import the usage of this day'
        WHEN 'partly_unpriced' THEN 'part of the usage has no price (see cost_unpriced); the rest is unexplained'
        WHEN 'rounding' THEN 'within the precision of the printed amounts'
        WHEN 'tier' THEN 'billed at the price of another tier: ' || other_tiers
        WHEN 'charged' THEN 'billed with what the contract puts on top: ' || charged_for
        WHEN 'list' THEN CASE WHEN is_other_price AND list_usd <> paid_usd THEN 'other quantities and another price'
            WHEN is_other_price THEN 'the same quantities at another price' ELSE 'other quantities at our price' END
        ELSE CASE WHEN is_lower_bound THEN 'unexplained; our cost is a lower bound' ELSE 'unexplained' END
    END
    || CASE WHEN computed_usd IS DISTINCT FROM paid_usd AND paid_usd IS NOT NULL THEN '; at the contract''s prices' ELSE '' END
    || CASE WHEN credit_usd IS NOT NULL THEN '; less credits' ELSE '' END
    || CASE WHEN longer_usd IS NOT NULL THEN '; with lines for more than a day' ELSE '' END
    || CASE WHEN agreed_lines IS NOT NULL THEN '; the contract has a ' || agreed_lines ELSE '' END AS reason,
    uncounted_reports
FROM judged
