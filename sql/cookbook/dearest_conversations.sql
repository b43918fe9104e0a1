-- The dearest conversations of the last seven days with usage, exact.
SELECT usage_date, rank, account_id, user_id, feature, conversation_id, tokens, cost_usd
FROM conversation_cost
WHERE usage_date > (SELECT max(usage_date) - 7 FROM conversation_cost)
ORDER BY cost_usd DESC
LIMIT 50;
