-- What a thousand logged calls cost, by model, where the logs tell calls.
SELECT provider, model, sum(calls) AS calls, 1000 * sum(cost_usd)::DOUBLE / nullif(sum(calls), 0) AS usd_a_thousand
FROM hidden_cost
GROUP BY ALL
HAVING sum(calls) > 0
ORDER BY usd_a_thousand DESC;
