-- What changed in the price lists in 90 days, with what it does to your bill, dearest first. Grain: day learned, kind,
-- model and source. Inputs: main.price_change; a source's first reading is no news.
SELECT
    changed_on, kind, provider, channel, model,
    count(*) AS prices,
    string_agg(
        CASE
            WHEN old_usd_per_unit = new_usd_per_unit THEN format('{} stays at {:g}', meter, new_usd_per_unit::DOUBLE)
            WHEN old_usd_per_unit IS NULL THEN format('{} {:g}', meter, new_usd_per_unit::DOUBLE)
            WHEN new_usd_per_unit IS NULL THEN format('{} {:g} → none', meter, old_usd_per_unit::DOUBLE)
            ELSE format('{} {:g} → {:g}', meter, old_usd_per_unit::DOUBLE, new_usd_per_unit::DOUBLE)
        END,
        '; ' ORDER BY meter
    ) FILTER (context_from = 0 AND meter IN ('input_uncached', 'output') AND service_tier = 'standard') AS "change",
    min(valid_from)::DATE AS holds_from,
    sum(usd_per_month_effect) AS usd_a_month,
    sum(usd_correction) AS usd_correction,
    source, url
FROM main.price_change
WHERE changed_on BETWEEN $last::DATE - 90 AND $last::DATE + 1 AND NOT is_first_snapshot
  AND (kind <> 'new' OR usd_per_month_effect IS NOT NULL)
GROUP BY ALL
ORDER BY abs(usd_a_month) DESC NULLS LAST, changed_on DESC, provider, model
LIMIT 40
