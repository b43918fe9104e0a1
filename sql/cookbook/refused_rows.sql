-- What of the imported files was refused, by rule, and one example of each.
SELECT rule, count(*) AS rows, min_by(file_name, source_line) AS a_file, min(source_line) AS a_line, min(detail) AS detail
FROM core.usage_reject
GROUP BY rule
ORDER BY rows DESC, rule;
