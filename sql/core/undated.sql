-- undated(model): an id without its snapshot date: gpt-5-mini for gpt-5-mini-2025-08-07.
-- Frames ask the same of models/model_ids.py.
CREATE OR REPLACE MACRO undated(model) AS
regexp_replace(model, '-(20[0-9]{2}-[0-9]{2}-[0-9]{2}|20[0-9]{6})$', '');
