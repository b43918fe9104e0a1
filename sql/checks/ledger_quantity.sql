-- Whether what people read as priced, unpriced and left out is what the ledger holds, neither more nor less.
-- Grain: usage_date, provider. Inputs: the view ledger (rows of core.usage of these days), main.cost_daily,
-- main.cost_unpriced, main.usage_overlap, core.usage_cost.
-- Meter groups are made here once more, from the ledger's columns, so that a slip in the mart's own rule shows.
-- Tokens add up exactly: ledger_tokens = accounted_tokens. usage_overlap tells no meters, so a meter group must be exact
-- where nothing is left out, and elsewhere hold no more than the ledger: what is off is in off_quantity.
-- Requests are a quantity only where a source prints a fee for them, so they are set aside: fees here are web searches and
-- queries of reranking.
WITH ledger_sum AS (
    SELECT
        usage_date,
        provider,
        unnest([
            {meter_group: 'input', quantity: sum(input_uncached_tokens)},
            {meter_group: 'cache', quantity: sum(coalesce(cache_read_tokens, 0) + coalesce(cache_write_5m_tokens, 0)
                + coalesce(cache_write_1h_tokens, 0))},
            {meter_group: 'output', quantity: sum(coalesce(output_tokens, 0) + coalesce(reasoning_output_tokens, 0))},
            {meter_group: 'audio', quantity: sum(coalesce(audio_input_tokens, 0) + coalesce(audio_cache_read_tokens, 0)
                + coalesce(audio_output_tokens, 0))},
            {meter_group: 'image', quantity: sum(coalesce(image_input_tokens, 0) + coalesce(image_cache_read_tokens, 0)
                + coalesce(image_output_tokens, 0))},
            {meter_group: 'fee', quantity: sum(coalesce(web_searches, 0) + coalesce(rerank_queries, 0))}
        ], recursive := true)
    FROM ledger
    WHERE usage_date IN (SELECT unnest($dates))
    GROUP BY usage_date, provider
),
part AS (
    SELECT usage_date, provider, meter_group, quantity AS ledger, 0 AS priced, 0 AS unpriced, 0 AS overlap, 0 AS requests
    FROM ledger_sum
    UNION ALL BY NAME
    SELECT usage_date, provider, meter_group, quantity AS priced FROM main.cost_daily WHERE meter_group <> 'plan_fee'
    UNION ALL BY NAME
    SELECT
        usage_date,
        provider,
        CASE
            WHEN meter IN ('requests', 'web_searches', 'rerank_queries') THEN 'fee'
            WHEN meter = 'reasoning_output' THEN 'output'
            WHEN meter = 'input_uncached' THEN 'input'
            ELSE split_part(meter, '_', 1)
        END AS meter_group,
        quantity AS unpriced
    FROM main.cost_unpriced
    UNION ALL BY NAME
    SELECT usage_date, provider, 'overlap' AS meter_group, tokens AS overlap FROM main.usage_overlap
    UNION ALL BY NAME
    SELECT usage_date, provider, 'fee' AS meter_group, quantity AS requests FROM core.usage_cost WHERE meter = 'requests'
),
meter_group_sum AS (
    SELECT
        usage_date,
        provider,
        meter_group,
        coalesce(sum(ledger), 0) AS in_ledger,
        coalesce(sum(priced), 0) AS with_price,
        coalesce(sum(unpriced), 0) AS without_price,
        coalesce(sum(overlap), 0) AS in_overlap,
        in_ledger + coalesce(sum(requests), 0) - with_price - without_price AS left_out,
        bool_or(meter_group = 'overlap') OVER (PARTITION BY usage_date, provider) AS has_overlap
    FROM part
    WHERE usage_date IN (SELECT unnest($dates))
    GROUP BY usage_date, provider, meter_group
)
SELECT
    usage_date,
    provider,
    coalesce(sum(in_ledger) FILTER (meter_group <> 'fee'), 0)::BIGINT AS ledger_tokens,
    coalesce(sum(with_price) FILTER (meter_group <> 'fee'), 0)::BIGINT AS priced_tokens,
    coalesce(sum(without_price) FILTER (meter_group <> 'fee'), 0)::BIGINT AS unpriced_tokens,
    sum(in_overlap)::BIGINT AS overlap_tokens,
    priced_tokens + unpriced_tokens + overlap_tokens AS accounted_tokens,
    sum(CASE WHEN has_overlap THEN greatest(-left_out, 0) ELSE abs(left_out) END)::BIGINT AS off_quantity
FROM meter_group_sum
GROUP BY usage_date, provider
ORDER BY usage_date, provider
