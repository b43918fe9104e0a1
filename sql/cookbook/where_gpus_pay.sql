-- From which volume each way beats the API, the best offer of each way, newest day decided.
SELECT api_model, way, gpu_provider, gpu, own_tokens_per_month, break_even_tokens_per_month, verdict, answer
FROM break_even
WHERE as_of = (SELECT max(as_of) FROM break_even)
QUALIFY row_number() OVER (PARTITION BY api_model, way ORDER BY break_even_tokens_per_month NULLS LAST, gpu_provider) = 1
ORDER BY api_model, way;
