-- price_known_at(valid_moment, known_moment): the prices of one moment as they were known at another.
-- Example: what on 2026-08-01 was known of 2026-09-02:
--   SELECT * FROM price_known_at(TIMESTAMP '2026-09-02 00:00', TIMESTAMP '2026-08-01 00:00')
-- Inputs: core.token_price.
CREATE OR REPLACE MACRO price_known_at(valid_moment, known_moment) AS TABLE
SELECT *
FROM core.token_price
WHERE holds_at(valid_from, valid_to, valid_moment) AND holds_at(known_from, known_to, known_moment);
