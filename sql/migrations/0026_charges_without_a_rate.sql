-- A charge in another currency has no amount in USD where it rests on a day for which no rate is stated.
ALTER TABLE IF EXISTS main.contract_charge ALTER COLUMN charge_usd DROP NOT NULL;
