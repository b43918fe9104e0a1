-- From which volume each way pays, the best offer of a way. Grain: model, way. Inputs: main.break_even, of the newest
-- day decided up to the end of the period.
SELECT
    as_of, api_provider, api_model, way, gpu_provider, gpu, own_tokens_per_month, own_api_usd_per_month,
    own_gpu_usd_per_month, break_even_tokens_per_month, verdict, answer
FROM main.break_even
WHERE as_of = (SELECT max(as_of) FROM main.break_even WHERE as_of <= $last::DATE + 1) AND way IS NOT NULL
QUALIFY row_number() OVER (
    PARTITION BY api_provider, api_model, way
    ORDER BY break_even_tokens_per_month NULLS LAST, own_gpu_usd_per_month NULLS LAST, gpu_provider, gpu
) = 1
ORDER BY own_api_usd_per_month DESC NULLS LAST, api_model, way
LIMIT 60
