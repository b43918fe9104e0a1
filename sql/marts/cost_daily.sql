-- main.cost_daily: exact cost by date, provider, channel, region, model, tier, owner and meter group.
-- Grain: usage_date, provider, channel, region, model, service_tier, account_id, project_id, api_key_id, meter_group,
-- plan_id. Inputs: core.usage_cost, core.plan_fee.
-- Usage without any price, of a list or of the contract, is in main.cost_unpriced, never here as 0.
-- Usage under a plan is not owed, so its effective cost is 0; what is owed is the fee, a line of its own.
SELECT
    usage_date,
    provider,
    channel,
    region,
    model,
    service_tier,
    account_id,
    project_id,
    api_key_id,
    CASE
        WHEN meter LIKE 'audio_%' THEN 'audio'
        WHEN meter LIKE 'image_%' THEN 'image'
        WHEN meter LIKE 'cache_%' THEN 'cache'
        WHEN meter = 'input_uncached' THEN 'input'
        WHEN meter IN ('output', 'reasoning_output') THEN 'output'
        ELSE 'fee'
    END AS meter_group,
    plan_id,
    CASE WHEN plan_id IS NULL THEN 'billed' ELSE 'api_equivalent' END AS cost_basis,
    sum(quantity)::BIGINT AS quantity,
    sum(cost_usd)::DECIMAL(38, 12) AS cost_usd,
    sum(cost_usd)::DECIMAL(38, 12) AS list_cost_usd,
    -- A day that an older program priced is at list; one whose term has no rate of exchange is not.
    sum(CASE WHEN term_id IS NULL THEN coalesce(effective_cost_usd, cost_usd) ELSE effective_cost_usd END)::DECIMAL(38, 12)
        AS effective_cost_usd,
    bool_or(is_lower_bound) AS is_lower_bound,
    string_agg(DISTINCT price_id, ', ' ORDER BY price_id) AS price_ids
FROM core.usage_cost
WHERE usage_date IN (SELECT unnest($dates))
  AND (price_id IS NOT NULL OR term_id IS NOT NULL)
GROUP BY ALL
UNION ALL BY NAME
SELECT
    usage_date,
    provider,
    'plan' AS channel,
    'global' AS region,
    plan AS model,
    'standard' AS service_tier,
    CASE WHEN kind = 'account' THEN id ELSE 'default' END AS account_id,
    CASE WHEN kind = 'project' THEN id END AS project_id,
    CASE WHEN kind = 'key' THEN id END AS api_key_id,
    'plan_fee' AS meter_group,
    plan_id,
    'plan_fee' AS cost_basis,
    0 AS quantity,
    0::DECIMAL(38, 12) AS cost_usd,
    0::DECIMAL(38, 12) AS list_cost_usd,
    fee_usd AS effective_cost_usd,
    false AS is_lower_bound,
    plan_id AS price_ids
FROM core.plan_fee
WHERE usage_date IN (SELECT unnest($dates))
  AND fee_usd IS NOT NULL
