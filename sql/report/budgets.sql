-- Each budget against what is spent and expected. Grain: budget. Inputs: main.budget_status, of the newest day decided
-- up to the end of the period. is_whole: the budget of a month of all spend.
SELECT
    as_of, concat_ws(' ', nullif(scope, 'all'), owner, 'a ' || period) AS budget, budget_usd, spent_usd, projected_usd,
    status, scope = 'all' AND period = 'month' AS is_whole
FROM main.budget_status
WHERE as_of = (SELECT max(as_of) FROM main.budget_status WHERE as_of <= $last::DATE + 1)
ORDER BY is_whole DESC, used_share DESC NULLS LAST, budget
