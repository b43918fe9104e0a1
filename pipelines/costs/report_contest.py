"""Which of several reports of one account, model and day counts: what competes with what, and which is better. Pure.

What a part is and what becomes of those that lose is `overlap`'s.
"""

import polars as pl

from pipelines.schema.accounts import DEFAULT_ACCOUNT
from pipelines.schema.usage import LONGEST_BUCKET

KEY = ["usage_date", "provider", "channel", "model"]
_HOLDER = [*KEY, "holder"]
_ACCOUNT = [*_HOLDER, "owner"]
_ORDER = {"tokens": True, "calls": True, "is_bucket": False, "width": False, "columns": True, "name": False}
"""What decides between two, and whether more of it is better."""
_NOTHING = {
    "counted_report": pl.lit(None, pl.String),
    "counted_tokens": pl.lit(None, pl.Int64),
    "counted_calls": pl.lit(None, pl.Int64),
}
_KIND_OF_PROJECT = pl.coalesce(pl.col("project_id").str.extract(r"^(proj_|wrkspc_)"), "format")
"""Ids that may be compared: those of one provider, or of one format."""


def losing_parts(parts: pl.DataFrame) -> pl.DataFrame:
    """The parts that do not count, with what does instead, NULL if nothing does, and of_project where each has its own.

    Three rounds. Of the reports of one project, where its id tells it from others, one counts. Then all that are so
    split compete as one with each report that is not. Then what names no account competes with what does.
    """
    is_wide = (pl.col("width") > LONGEST_BUCKET).fill_null(value=False) & (pl.col("grain") != "request")
    wide, rest = parts.filter(is_wide), parts.filter(~is_wide)
    lost = [wide.with_columns(**_NOTHING, of_project=pl.lit(None, pl.String))]
    if not _may_compete(rest):
        return lost[0]
    rest = _with_sides(rest)
    for group, side in (([*_ACCOUNT, "side", "project"], "report"), (_ACCOUNT, "side"), (_HOLDER, "account_side")):
        rest, losers = _contest(rest, group, side)
        project = "project" if "project" in group else pl.lit(None, pl.String)
        lost.append(losers.with_columns(of_project=project).select(lost[0].columns))
    return pl.concat(lost)


def _may_compete(parts: pl.DataFrame) -> bool:
    """Whether two reports state one model, or one with an account and one without: most days have none such."""
    sides = pl.struct("report", pl.col("owner") == DEFAULT_ACCOUNT)
    return bool((parts.group_by(_HOLDER).agg(sides.n_unique())[:, -1] > 1).any())


def _with_sides(parts: pl.DataFrame) -> pl.DataFrame:
    """Parts with `project` and `side`: the id and the kind of ids of a report that is split by project throughout.

    A bucket without a project, in a report that has some, is of the default project. Of a request it is not known.
    """
    report = [*_ACCOUNT, "report"]
    has_project = pl.col("project_id").is_not_null()
    kind = pl.when(has_project).then(_KIND_OF_PROJECT)
    is_known = (has_project | pl.col("is_bucket")).all().over(report)
    is_split = is_known & (kind.drop_nulls().n_unique().over(report) == 1)
    return parts.with_columns(
        project=pl.when(is_split).then(pl.col("project_id").fill_null("")),
        side=pl.when(is_split).then(pl.format("split by {}", kind.max().over(report))).otherwise("report"),
        account_side=pl.when(pl.col("owner") == DEFAULT_ACCOUNT).then(pl.lit("")).otherwise(pl.lit("stated")),
    )


def _contest(parts: pl.DataFrame, group: list[str], side: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Parts on the best side of each group; and the others, with what counts instead."""
    sides = parts.group_by(*group, side).agg(
        pl.col("tokens", "calls").sum(),
        pl.col("is_bucket").any(),
        pl.col("width", "columns").max(),
        name=pl.col("report").unique().sort().str.join(" and "),
    )
    ranked = (
        sides.with_columns(all_calls="calls", calls=pl.when(pl.col("tokens") == 0).then("calls").otherwise(0))
        .sort(*group, *_ORDER, descending=[False] * len(group) + list(_ORDER.values()))
        .with_columns(rank=pl.int_range(pl.len()).over(group))
    )
    losers = ranked.filter(pl.col("rank") > 0).select(*group, side)
    best = ranked.filter(rank=0).select(
        *group, counted_report="name", counted_tokens="tokens", counted_calls="all_calls"
    )
    lost = parts.join(losers, on=[*group, side], how="semi", nulls_equal=True).join(best, on=group, nulls_equal=True)
    return parts.join(losers, on=[*group, side], how="anti", nulls_equal=True), lost
