-- main.plan_value: what each plan costs by day and owner, and what the usage under it would have cost by the token.
-- Grain: usage_date, plan_id. Inputs: core.plan_fee, core.usage_cost.
WITH used AS (
    SELECT
        usage_date,
        plan_id,
        sum(cost_usd) AS api_equivalent_usd,
        sum(quantity) FILTER (meter NOT IN ('requests', 'web_searches', 'rerank_queries')) AS tokens,
        sum(quantity) FILTER (price_id IS NULL) AS unpriced_quantity,
        bool_or(is_lower_bound OR price_id IS NULL) AS is_lower_bound
    FROM core.usage_cost
    WHERE usage_date IN (SELECT unnest($dates))
      AND plan_id IS NOT NULL
    GROUP BY usage_date, plan_id
)
SELECT
    fee.usage_date,
    fee.plan_id,
    fee.plan,
    fee.provider,
    fee.kind,
    fee.id,
    fee.fee_usd,
    coalesce(used.api_equivalent_usd, 0)::DECIMAL(38, 12) AS api_equivalent_usd,
    (coalesce(used.api_equivalent_usd, 0) - fee.fee_usd)::DECIMAL(38, 12) AS saved_usd,
    coalesce(used.tokens, 0)::BIGINT AS tokens,
    coalesce(used.unpriced_quantity, 0)::BIGINT AS unpriced_quantity,
    coalesce(used.is_lower_bound, false) AS is_lower_bound
FROM core.plan_fee AS fee
LEFT JOIN used USING (usage_date, plan_id)
WHERE fee.usage_date IN (SELECT unnest($dates))
