"""Batch output of Vertex AI (predictions.jsonl) and of the Gemini API -> one row per request, at the batch tier.

Each line holds the answer as `response`, in the form of the answers that `gemini` reads, whose counts are read the same
way; a failed request has a `status` or `error` and no answer. trafficType says ON_DEMAND, and batch requests are half
price all the same (Google's pricing pages). Vertex AI writes the time into the answer and beside it, the Gemini API
writes none: the file's own time counts.
"""

from dataclasses import replace

import polars as pl

from pipelines.usage.fields import FILE_TIME, first_moment, moment
from pipelines.usage.formats.gemini import GEMINI

HELD = "response."
is_vertex = pl.col("request_of_vertex").is_not_null() | pl.col("processed").is_not_null()

GEMINI_BATCH = replace(
    GEMINI,
    name="gemini_batch",
    description="Vertex AI or Gemini API batch output, JSON lines",
    signatures=(
        frozenset({"response.usageMetadata", "response.usageMetadata.promptTokenCount", "request"}),
        frozenset({"response.usageMetadata", "response.usageMetadata.promptTokenCount", "key"}),
        frozenset({"response.usageMetadata", "response.usageMetadata.promptTokenCount", "status", "processed_time"}),
    ),
    fields={name: place if name == "timestamp" else HELD + place for name, place in GEMINI.fields.items()}
    | {"processed": "processed_time", "request_of_vertex": "request.contents"},
    columns={
        **GEMINI.columns,
        "usage_at": first_moment(moment("created"), moment("processed"), moment("timestamp"), moment(FILE_TIME)),
        "channel": pl.when(is_vertex).then(pl.lit("vertex")).otherwise(pl.lit("api")),
        "service_tier": pl.lit("batch"),
    },
    is_dated_by_file=True,
)
