-- price_known_at(valid_moment, known_moment): the prices of one moment as they were known at another.
-- Example: what on 2026-08-01 was known of 2026-09-02:
--   SELECT * FROM price_known_at(TIMESTAMP '2026-09-02 00:00', TIMESTAMP '2026-08-01 00:00')
-- Inputs: core.token_price.
CREATE OR REPLACE MACRO price_known_at(valid_moment, known_moment) AS TABLE
SELECT *
FROM core.token_price
WHERE valid_from <= valid_moment
  AND (valid_to IS NULL OR valid_moment < valid_to)
  AND known_from <= known_moment
  AND (known_to IS NULL OR known_moment < known_to);
