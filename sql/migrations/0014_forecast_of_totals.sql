-- A forecast of a month of one model was all there was: its rows say so now. What a day's forecast lacks is NULL.
ALTER TABLE IF EXISTS main.spend_forecast ADD COLUMN IF NOT EXISTS period VARCHAR DEFAULT 'month';
ALTER TABLE IF EXISTS main.spend_forecast ADD COLUMN IF NOT EXISTS scope VARCHAR DEFAULT 'model';
ALTER TABLE IF EXISTS main.spend_forecast ADD COLUMN IF NOT EXISTS first_on DATE;
ALTER TABLE IF EXISTS main.spend_forecast ADD COLUMN IF NOT EXISTS last_on DATE;
UPDATE main.spend_forecast SET first_on = month, last_on = last_day(month) WHERE first_on IS NULL;
ALTER TABLE IF EXISTS main.spend_forecast ADD COLUMN IF NOT EXISTS is_lower_bound BOOLEAN DEFAULT false;
