-- A price in another currency has no value in USD on days for which no rate is stated.
ALTER TABLE IF EXISTS core.contract_term ALTER COLUMN value DROP NOT NULL;
