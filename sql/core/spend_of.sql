-- spend_of(owner): dollars by day and model; of all where owner is '', else of one account, team, project, key, ...
-- Of all: what is owed, fees of plans included. Of one owner: at list price, as only that is split by owner and model.
-- Example: SELECT model, sum(usd) FROM spend_of('search') GROUP BY ALL. Inputs: main.cost_daily, main.hidden_cost.
CREATE OR REPLACE MACRO spend_of(owner) AS TABLE
SELECT usage_date, provider, model, coalesce(effective_cost_usd, cost_usd) AS usd, is_lower_bound
FROM main.cost_daily
WHERE owner = ''
UNION ALL
SELECT usage_date, provider, model, cost_usd, false
FROM main.hidden_cost
WHERE owner <> '' AND owner IN (team, cost_center, account_id, project_id, api_key_id, user_id, feature);
