-- A file of which nothing could be read has a row as well, which names no import.
ALTER TABLE IF EXISTS core.usage_file ALTER COLUMN import_id DROP NOT NULL;
