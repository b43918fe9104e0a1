-- Spend by model over time, the ten dearest models apart, the rest together. Grain: bucket (a day, week or month, by
-- its first day), model. Inputs: spend_of.
WITH spend AS (
    SELECT date_trunc($bucket::VARCHAR, usage_date)::DATE AS starts_on, model, usd
    FROM spend_of($owner::VARCHAR)
    WHERE usage_date BETWEEN $chart_first::DATE AND $last::DATE
),
dearest AS (
    SELECT model, row_number() OVER (ORDER BY sum(usd) DESC NULLS LAST, model) AS place FROM spend GROUP BY model
)
SELECT
    starts_on,
    CASE WHEN place <= 10 THEN model ELSE 'all others' END AS model,
    sum(usd) AS usd,
    min(least(place, 11)) AS place
FROM spend JOIN dearest USING (model)
GROUP BY ALL
HAVING sum(usd) IS NOT NULL
ORDER BY starts_on, place
