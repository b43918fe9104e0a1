-- main.cost_unpriced: usage that no price of a list or of the contract covers, with the reason and what to do.
-- Grain: usage_date, provider, model, service_tier, account_id, project_id, api_key_id, meter, unpriced_reason, first_price_on.
-- Inputs: core.usage_cost.
SELECT
    usage_date,
    provider,
    model,
    service_tier,
    account_id,
    project_id,
    api_key_id,
    meter,
    sum(quantity)::BIGINT AS quantity,
    unpriced_reason,
    first_price_on,
    CASE unpriced_reason
        WHEN 'before_first_price' THEN 'load a price list of that time: costs sources load SOURCE FILE --at DATE'
        WHEN 'unknown_model' THEN 'no source lists this id: check its spelling in the log, or add a source that has it'
        WHEN 'no_price_for_tier' THEN 'the sources price this model in other tiers only: check the tier in the log'
        WHEN 'no_price_for_meter' THEN 'the sources print no price for this meter: look at the page of the provider'
        ELSE 'the sources print no price for prompts of this size: look at the page of the provider'
    END AS remedy
FROM core.usage_cost
WHERE usage_date IN (SELECT unnest($dates))
  AND price_id IS NULL
  AND term_id IS NULL
GROUP BY ALL
