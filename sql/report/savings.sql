-- What saves, and would save, in 30 days, largest first. Grain: lever; models together. Inputs: main.saving, of the
-- newest day decided up to the end of the period. The levers overlap: they are not to be added up.
SELECT
    as_of, lever, basis,
    sum(usd_per_month) AS usd_a_month,
    arg_max(model, usd_per_month) AS most_of_it,
    count(*) AS models,
    min(reason) AS reason
FROM main.saving
WHERE as_of = (SELECT max(as_of) FROM main.saving WHERE as_of <= $last::DATE + 1) AND usd_per_month IS NOT NULL
GROUP BY as_of, lever, basis
ORDER BY usd_a_month DESC, lever
