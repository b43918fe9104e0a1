-- Who and what the spend goes to, beside the period before: every kind of owner adds up to the same total.
-- Grain: kind of owner, owner; the fifty dearest of a kind, the rest together. Inputs: main.cost_by_owner.
WITH owned AS (
    UNPIVOT (
        SELECT
            usage_date, coalesce(effective_cost_usd, cost_usd) AS usd,
            coalesce(team, 'not mapped') AS team, coalesce(project_id, 'not told') AS project,
            coalesce(user_id, 'not told') AS "user", coalesce(feature, 'not told') AS feature,
            coalesce(api_key_id, 'not told') AS "key", account_id AS account
        FROM main.cost_by_owner
        WHERE usage_date BETWEEN $before_first::DATE AND $last::DATE
          AND $owner::VARCHAR IN ('', team, cost_center, account_id, project_id, api_key_id, user_id, feature)
    ) ON team, project, "user", feature, "key", account INTO NAME kind VALUE owner
),
summed AS (
    SELECT
        kind, owner,
        sum(usd) FILTER (usage_date BETWEEN $first::DATE AND $last::DATE) AS usd,
        sum(usd) FILTER (usage_date BETWEEN $before_first::DATE AND $before_last::DATE) AS usd_before
    FROM owned
    GROUP BY kind, owner
),
placed AS (
    SELECT *, row_number() OVER (PARTITION BY kind ORDER BY usd DESC NULLS LAST, usd_before DESC, owner) AS place
    FROM summed
)
SELECT
    kind,
    CASE WHEN place <= 50 THEN owner ELSE 'all others' END AS owner,
    sum(usd) AS usd,
    sum(usd_before) AS usd_before,
    coalesce(sum(usd), 0) - coalesce(sum(usd_before), 0) AS usd_change,
    min(least(place, 51)) AS place
FROM placed
GROUP BY ALL
HAVING sum(usd) IS NOT NULL OR sum(usd_before) IS NOT NULL
ORDER BY kind, place
