-- price_as_of(moment): one row per price that was valid at a moment, by what is known now.
-- Example: SELECT * FROM price_as_of(TIMESTAMP '2026-11-01 00:00') WHERE model = 'gpt-5-mini'
-- Inputs: core.token_price. Sources are not ranked here: each source's price is a row of its own.
CREATE OR REPLACE MACRO price_as_of(moment) AS TABLE
SELECT *
FROM core.token_price
WHERE known_to IS NULL AND holds_at(valid_from, valid_to, moment);
