-- From a day's cost to the page that printed each price: quantity, price, since when, source, archived body.
SELECT
    cost.usage_date, cost.model, cost.meter, cost.quantity, cost.usd_per_unit, cost.unit, cost.cost_usd,
    price.printed, price.valid_from, price.source, page.url, page.fetched_at, page.archive_path
FROM core.usage_cost AS cost
JOIN core.token_price AS price USING (price_id)
JOIN raw.fetch AS page USING (fetch_id)
WHERE price.known_to IS NULL
ORDER BY cost.usage_date DESC, cost.cost_usd DESC
LIMIT 50;
