-- main.cost_daily: exact cost by date, provider, channel, region, model, tier, owner and meter group.
-- Grain: usage_date, provider, channel, region, model, service_tier, account_id, project_id, api_key_id, meter_group.
-- Inputs: core.usage_cost. Usage without any price, of a list or of the contract, is in main.cost_unpriced, never here as 0.
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
        WHEN meter = 'output' THEN 'output'
        ELSE 'fee'
    END AS meter_group,
    sum(quantity)::BIGINT AS quantity,
    sum(cost_usd)::DECIMAL(38, 12) AS cost_usd,
    sum(cost_usd)::DECIMAL(38, 12) AS list_cost_usd,
    sum(coalesce(effective_cost_usd, cost_usd))::DECIMAL(38, 12) AS effective_cost_usd,
    bool_or(is_lower_bound) AS is_lower_bound,
    string_agg(DISTINCT price_id, ', ' ORDER BY price_id) AS price_ids
FROM core.usage_cost
WHERE usage_date IN (SELECT unnest($dates))
  AND (price_id IS NOT NULL OR term_id IS NOT NULL)
GROUP BY ALL
