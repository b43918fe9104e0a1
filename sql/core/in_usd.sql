-- in_usd(usd, local, usd_per_currency): a rate as printed in USD, else converted; NULL where neither is known.
-- The product is exact and rounded once, half away from zero, to the six digits of every rate.
CREATE OR REPLACE MACRO in_usd(usd, local, usd_per_currency) AS
coalesce(usd, local * usd_per_currency)::DECIMAL(18, 6);
