"""Sessions that two logs of one tool state: the more detailed one counts. What the logs hold is for their formats.

A tool's telemetry, its printed output and its session log tell of the same calls, and only some of them name the
response. Where ids cannot meet, the session does: of a session and model, which a more detailed log of the same tool
states on the same day, the sums are left out, and usage_overlap shows them. Rows of two accounts that are both stated
are never the same.
"""

import polars as pl

from pipelines.models.model_ids import undated
from pipelines.schema.accounts import DEFAULT_ACCOUNT
from pipelines.schema.meters import QUANTITY_COLUMNS, TOKEN_METERS

TOOLS = (
    ("claude_code", "claude_stream", "claude_code_events", "claude_code_metrics"),
    ("codex", "codex_exec"),
    ("gemini_cli", "gemini_cli_events", "qwen_usage_record"),
)
"""The formats of one tool, the most detailed first."""
WITH_IDS = ("claude_stream",)
"""Formats whose requests name their response, so that only the sums beside them can repeat a session."""
UNNAMED = "unknown"
_TOOL = {name: number for number, names in enumerate(TOOLS) for name in names}
_RANK = {name: rank for names in TOOLS for rank, name in enumerate(names)}
_SESSION = ["tool", "conversation_id"]


def repeated_sessions(usage: pl.LazyFrame) -> pl.DataFrame:
    """usage_id, conversation_id, counted_report, counted_tokens of rows that a more detailed log states, of a day."""
    formats = usage.select(pl.col("format").unique()).collect().cast(pl.String)["format"]
    told = [name for name in formats if name in _TOOL]
    if len({_TOOL[name] for name in told}) == len(told):
        return pl.DataFrame()
    rows = _rows_of(usage, told)
    details = rows.group_by(*_SESSION, "format", "rank", "owner", "model").agg(pl.col("tokens").sum())
    is_finer = pl.col("rank") < pl.col("rank_of_sum")
    is_detail = is_finer & _is_same("owner", DEFAULT_ACCOUNT) & _is_same("model", UNNAMED)
    can_repeat = (pl.col("rank") > 0) & (~pl.col("format").is_in(WITH_IDS) | (pl.col("grain") != "request"))
    compared = pl.col("rank", "owner", "model").name.suffix("_of_sum")
    pairs = rows.filter(can_repeat).select("usage_id", *_SESSION, compared).join(details, on=_SESSION)
    best = pairs.filter(is_detail).filter(pl.col("rank") == pl.col("rank").min().over("usage_id"))
    return best.group_by("usage_id", "conversation_id").agg(
        counted_report=pl.col("format").first(), counted_tokens=pl.col("tokens").sum()
    )


def _is_same(name: str, nothing: str) -> pl.Expr:
    """Whether two rows agree, or one of them does not say."""
    one, other = pl.col(name), pl.col(f"{name}_of_sum")
    return (one == other) | (one == nothing) | (other == nothing)


def _rows_of(usage: pl.LazyFrame, formats: list[str]) -> pl.DataFrame:
    """The rows of some formats that name a session, with their tool, rank and tokens."""
    columns = usage.collect_schema().names()
    owner = pl.col("account_id").cast(pl.String).fill_null(DEFAULT_ACCOUNT) if "account_id" in columns else None
    meters = [QUANTITY_COLUMNS[meter] for meter in TOKEN_METERS if QUANTITY_COLUMNS[meter] in columns]
    name = pl.col("format").cast(pl.String)
    return (
        usage.filter(name.is_in(formats) & pl.col("conversation_id").is_not_null())
        .select(
            "usage_id",
            name,
            *(pl.col(one).cast(pl.String) for one in ("grain", "conversation_id")),
            model=undated(pl.col("model").cast(pl.String)),
            owner=owner if owner is not None else pl.lit(DEFAULT_ACCOUNT),
            tokens=pl.sum_horizontal(pl.col(meters).fill_null(0)),
        )
        .with_columns(tool=name.replace_strict(_TOOL), rank=name.replace_strict(_RANK))
        .collect()
    )
