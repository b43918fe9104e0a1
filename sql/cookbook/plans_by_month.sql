-- What each plan of each owner cost by month, what its usage would have cost by the token, and what it saved or wasted.
SELECT
    strftime(usage_date, '%Y-%m') AS month,
    plan,
    kind,
    id,
    sum(fee_usd) AS fee_usd,
    sum(api_equivalent_usd) AS api_equivalent_usd,
    sum(saved_usd) AS saved_usd,
    bool_or(is_lower_bound) AS is_lower_bound
FROM plan_value
GROUP BY ALL
ORDER BY month DESC, saved_usd;
