-- price_as_of(moment): one row per price that was valid at a moment, by what is known now.
-- Example: SELECT * FROM price_as_of(TIMESTAMP '2026-11-01 00:00') WHERE model = 'gpt-5-mini'
-- Inputs: core.token_price. Sources are not ranked here: each source's price is a row of its own.
CREATE OR REPLACE MACRO price_as_of(moment) AS TABLE
SELECT *
FROM core.token_price
WHERE valid_from <= moment
  AND (valid_to IS NULL OR moment < valid_to)
  AND known_to IS NULL;
