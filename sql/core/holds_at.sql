-- holds_at(starts_at, ends_at, moment): whether a half-open interval holds a moment; one without an end holds on.
-- In force: holds_at(valid_from, valid_to, moment). As known then: holds_at(known_from, known_to, moment).
-- Frames ask the same of snapshots/current.py.
CREATE OR REPLACE MACRO holds_at(starts_at, ends_at, moment) AS
starts_at <= moment AND (ends_at IS NULL OR moment < ends_at);
