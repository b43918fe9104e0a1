-- A series that cannot be judged has a row as well, which has no cause.
ALTER TABLE IF EXISTS main.spend_anomaly ALTER COLUMN cause DROP NOT NULL;
