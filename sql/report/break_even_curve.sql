-- What the four dearest workloads cost by volume, each way. Grain: model, way, tokens a month. Inputs:
-- main.break_even_curve, main.break_even, of the newest day decided up to the end of the period.
WITH newest AS (
    SELECT * FROM main.break_even_curve
    WHERE as_of = (SELECT max(as_of) FROM main.break_even_curve WHERE as_of <= $last::DATE + 1)
),
own AS (
    SELECT api_provider, api_model, usd_per_month AS own_usd
    FROM newest
    WHERE way = 'api' AND is_own_volume AND usd_per_month IS NOT NULL
    QUALIFY row_number() OVER (ORDER BY own_usd DESC, api_model) <= 4
)
SELECT
    as_of, api_provider, api_model, way, tokens_per_month, usd_per_month, seller, gpu, replicas, is_own_volume, own_usd
FROM newest JOIN own USING (api_provider, api_model)
WHERE usd_per_month IS NOT NULL AND tokens_per_month > 0
ORDER BY own_usd DESC, api_model, way, tokens_per_month
