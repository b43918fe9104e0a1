-- Owners of models that end, newest judgement, dearest first.
SELECT channel, provider, model, project_id, api_key_id, days_left, retires_on, replacement, spend_30d_usd, monthly_delta_usd
FROM deprecation_risk
QUALIFY as_of = max(as_of) OVER ()
ORDER BY score DESC, spend_30d_usd DESC;
