-- is_reference_rate(starts_at, ends_at, rate_on, moment): whether a version of core.exchange_rate converts at a moment.
-- It is in force then and at most a week old: banks publish none on weekends and holidays.
CREATE OR REPLACE MACRO is_reference_rate(starts_at, ends_at, rate_on, moment) AS
holds_at(starts_at, ends_at, moment) AND rate_on >= moment::DATE - 7;
