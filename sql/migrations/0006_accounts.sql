-- Whose usage and bills they are: of all that was imported until now no account is known, which is the account 'default'.
-- Costs by channel and region come when a day is priced again, as each is at the next build.
ALTER TABLE IF EXISTS core.reported_cost ADD COLUMN IF NOT EXISTS account_id VARCHAR DEFAULT 'default';
ALTER TABLE IF EXISTS core.usage_cost ADD COLUMN IF NOT EXISTS account_id VARCHAR DEFAULT 'default';
ALTER TABLE IF EXISTS main.cost_daily ADD COLUMN IF NOT EXISTS account_id VARCHAR DEFAULT 'default';
ALTER TABLE IF EXISTS main.cost_daily ADD COLUMN IF NOT EXISTS channel VARCHAR DEFAULT 'unknown';
ALTER TABLE IF EXISTS main.cost_daily ADD COLUMN IF NOT EXISTS region VARCHAR DEFAULT 'unknown';
ALTER TABLE IF EXISTS main.cost_unpriced ADD COLUMN IF NOT EXISTS account_id VARCHAR DEFAULT 'default';
ALTER TABLE IF EXISTS main.usage_overlap ADD COLUMN IF NOT EXISTS account_id VARCHAR DEFAULT 'default';
