-- Each budget against what is spent and expected. Grain: budget. Inputs: main.budget_status, of the newest day decided
-- up to the end of the period; of an owner its own. is_whole: the budget of a month of all that the page is of.
SELECT
    as_of, concat_ws(' ', nullif(scope, 'all'), owner, 'a ' || period) AS budget, budget_usd, spent_usd, projected_usd,
    status, period = 'month' AND CASE WHEN $owner = '' THEN scope = 'all' ELSE true END AS is_whole
FROM main.budget_status
WHERE as_of = (SELECT max(as_of) FROM main.budget_status WHERE as_of <= $last::DATE + 1)
  AND ($owner = '' OR (owner = $owner AND scope IN ('account', 'project', 'team')))
ORDER BY is_whole DESC, used_share DESC NULLS LAST, budget
