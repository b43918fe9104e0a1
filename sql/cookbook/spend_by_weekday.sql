-- On which days of the week usage costs most: the mean of each, over all weeks.
SELECT dayname(usage_date) AS weekday, count(*) AS days, avg(usd::DOUBLE) AS mean_usd
FROM (SELECT usage_date, sum(cost_usd) AS usd FROM cost_daily GROUP BY usage_date)
GROUP BY weekday, isodow(usage_date)
ORDER BY isodow(usage_date);
