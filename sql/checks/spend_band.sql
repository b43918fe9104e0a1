-- A day's spend against the same weekday of the weeks before.
-- Grain: usage_date, provider. Inputs: main.cost_daily, core.ledger_file.
-- The band is the median of up to $weeks equal weekdays, plus and minus the largest of $deviations median absolute
-- deviations (scaled to a standard deviation), $min_share of the median and $min_usd. A day without rows after the first
-- one cost nothing. No band with fewer than $min_weeks such days. The newest day of the ledger may not be over yet: it is
-- never too low.
WITH spend AS (
    SELECT usage_date, provider, sum(cost_usd)::DOUBLE AS usd FROM main.cost_daily GROUP BY usage_date, provider
),
seen AS (
    SELECT provider, min(usage_date) AS first_day FROM spend GROUP BY provider
),
day AS (
    SELECT usage_date, provider, first_day, coalesce(usd, 0) AS usd
    FROM (SELECT unnest($dates::DATE[]) AS usage_date)
    JOIN seen ON usage_date > first_day
    LEFT JOIN spend USING (usage_date, provider)
    WHERE usage_date <= (SELECT max(usage_date) FROM core.ledger_file)
),
earlier AS (
    SELECT day.usage_date, day.provider, coalesce(spend.usd, 0) AS usd
    FROM day
    CROSS JOIN range(1, $weeks + 1) AS back (week)
    LEFT JOIN spend ON spend.provider = day.provider AND spend.usage_date = day.usage_date - 7 * week::INTEGER
    WHERE day.usage_date - 7 * week::INTEGER >= first_day
),
band AS (
    SELECT usage_date, provider, count(*) AS weeks, median(usd) AS usual_usd, mad(usd) AS deviation_usd
    FROM earlier
    GROUP BY usage_date, provider
    HAVING weeks >= $min_weeks
),
edged AS (
    SELECT
        usage_date,
        provider,
        day.usd AS spent_usd,
        usual_usd,
        greatest($deviations * 1.4826 * deviation_usd, $min_share * usual_usd, $min_usd) AS width_usd
    FROM day
    LEFT JOIN band USING (usage_date, provider)
)
SELECT
    usage_date,
    provider,
    spent_usd,
    CASE WHEN usual_usd IS NOT NULL THEN greatest(usual_usd - width_usd, 0) END AS low_usd,
    usual_usd + width_usd AS high_usd,
    CASE
        WHEN spent_usd > high_usd THEN spent_usd - high_usd
        WHEN spent_usd < low_usd AND usage_date < (SELECT max(usage_date) FROM core.ledger_file) THEN spent_usd - low_usd
        WHEN usual_usd IS NOT NULL THEN 0
    END AS usd_beyond_band
FROM edged
ORDER BY usage_date, provider
