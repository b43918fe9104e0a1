-- main.price_conflict: prices in force now about which two sources disagree, and who is believed.
-- Grain: provider, model, meter, service_tier, context_from, other_source, other_model. Inputs: core.token_price, raw.source.
-- A snapshot id is set against the model's undated id only where the believed source does not list the snapshot itself.
WITH listed AS (
    SELECT version.*, source.rank, regexp_replace(model, '-(20\d{2}-\d{2}-\d{2}|20\d{6})$', '') AS undated_model
    FROM core.token_price AS version
    JOIN raw.source AS source USING (source)
    WHERE version.known_to IS NULL
      AND version.is_listed
      AND version.valid_from <= (SELECT max(fetched_at) FROM raw."fetch")
      AND (version.valid_to IS NULL OR version.valid_to > (SELECT max(fetched_at) FROM raw."fetch"))
)
SELECT
    believed.provider,
    believed.model,
    believed.meter,
    believed.service_tier,
    believed.context_from,
    believed.source AS believed_source,
    believed.usd_per_unit AS believed_usd_per_unit,
    believed.valid_from AS believed_since,
    other.source AS other_source,
    other.model AS other_model,
    other.usd_per_unit AS other_usd_per_unit,
    other.valid_from AS other_since,
    believed.unit,
    'the provider''s own page outranks aggregators' AS reason
FROM listed AS believed
JOIN listed AS other
  ON other.provider = believed.provider
 AND other.meter = believed.meter
 AND other.service_tier = believed.service_tier
 AND other.context_from = believed.context_from
 AND other.unit = believed.unit
 AND other.rank > believed.rank
 AND other.usd_per_unit <> believed.usd_per_unit
 AND (other.model = believed.model OR other.undated_model = believed.model)
WHERE other.model = believed.model
   OR NOT EXISTS (
       SELECT 1 FROM listed AS exact
       WHERE exact.source = believed.source AND exact.model = other.model AND exact.meter = other.meter
         AND exact.service_tier = other.service_tier
   )
