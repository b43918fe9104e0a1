-- From files without a schema version (up to November 2026): a hash of the ledger's columns that nothing ever read.
ALTER TABLE IF EXISTS core.ledger_file DROP COLUMN IF EXISTS layout;
