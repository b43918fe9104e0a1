-- About how many dollars are left out of a day because a larger report states the same usage.
-- Grain: usage_date, provider. Inputs: main.usage_overlap, core.usage_cost. $snapshot_date: what `models.model_ids` takes
-- off an id, as usage_overlap does.
-- An estimate: the tokens left out at the average price of the tokens that count of the same model and day. NULL where
-- none of them has a price.
WITH counted AS (
    SELECT
        usage_date,
        provider,
        channel,
        regexp_replace(model, $snapshot_date, '') AS model,
        sum(cost_usd)::DOUBLE / sum(quantity) AS usd_per_token
    FROM core.usage_cost
    WHERE usage_date IN (SELECT unnest($dates))
      AND price_id IS NOT NULL
      AND meter NOT IN ('requests', 'web_searches')
    GROUP BY ALL
)
SELECT
    usage_date,
    provider,
    sum(tokens)::BIGINT AS left_out_tokens,
    sum(tokens * usd_per_token) AS left_out_usd
FROM main.usage_overlap
LEFT JOIN counted USING (usage_date, provider, channel, model)
WHERE usage_date IN (SELECT unnest($dates))
GROUP BY usage_date, provider
ORDER BY usage_date, provider
