"""CodeBurn exports: records.csv, or the JSON export with its `records` -> one row per served call.

Counts are disjoint but for reasoning, which some agents count inside the output and others beside it: REASONING_INSIDE
is codeburn's own list (src/models.ts, REASONING_INCLUDED_IN_OUTPUT). Costs are in the currency
that the export was made in, so only those of a JSON export in dollars are kept. What an export holds stands in the
agents' own logs too, so a row is a bucket of its day: where both are imported the larger of the two counts. daily.csv
and models.csv name no model, or no day, and are refused.
"""

from collections.abc import Iterator

import polars as pl

from pipelines.usage.call_format import call_format
from pipelines.usage.call_texts import CallCounts, Inside, folder_name
from pipelines.usage.importer import Record, UsageObject

REASONING_INSIDE = ("claude", "codex", "copilot")
COUNTS = {
    "input": "inputTokens",
    "output": "outputTokens",
    "reasoning": "reasoningTokens",
    "cache_write": "cacheWriteTokens",
    "cache_read": "cacheReadTokens",
}
SAYS = CallCounts(Inside(cache=False, reasoning=True), grain="bucket", has_ids=False)


def _rows(export: Record) -> Iterator[Record]:
    currency = export.get("currency")
    is_dollars = (currency.get("code") if isinstance(currency, dict) else currency) == "USD"
    for record in export["records"]:
        yield {
            "is_call": "1",
            "time": f"{str(record.get('timestamp'))[:10]}T00:00:00Z",
            "model": record.get("model"),
            "feature": record.get("provider"),
            "cost": record.get("cost") if is_dollars else None,
            "project": folder_name(record.get("project")),
            "conversation": record.get("sessionId"),
            "usage": record,
            **{name: record.get(place) for name, place in COUNTS.items()},
        }


def _billable(records: pl.DataFrame) -> pl.DataFrame:
    """Reasoning that stands beside the output is added to it."""
    is_beside = ~pl.col("feature").is_in(REASONING_INSIDE)
    counts = {name: pl.col(name).cast(pl.Int64, strict=False) for name in ("output", "reasoning")}
    whole = (counts["output"] + counts["reasoning"].fill_null(0)).cast(pl.String)
    day = pl.col("time").str.slice(0, 10) + "T00:00:00Z"
    return records.with_columns(
        output=pl.when(is_beside & whole.is_not_null()).then(whole).otherwise("output"), time=day
    )


CODEBURN_JSON = call_format(
    "codeburn_json",
    "`codeburn export` as JSON",
    (frozenset({"schema", "records[].inputTokens", "records[].cacheReadTokens", "records[].sessionId"}),),
    SAYS,
    rows=_rows,
    usage=UsageObject(
        place="records[]",
        is_record=True,
        counted={place: f"{name} of `call_format`" for name, place in COUNTS.items()},
        part_of={
            "cachedInputTokens": "cacheReadTokens",
            "totalTokens": "the sum",
        },
    ),
    prepare=_billable,
)
CODEBURN = call_format(
    "codeburn",
    "records.csv of `codeburn export`",
    (frozenset({"sessionId", "timestamp", "provider", "model", "inputTokens", "cacheReadTokens", "cacheWriteTokens"}),),
    SAYS,
    fields={"time": "timestamp", "model": "model", "feature": "provider", "conversation": "sessionId", **COUNTS},
    is_call=pl.lit(True),
    prepare=_billable,
)
