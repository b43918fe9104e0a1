"""Which usage is under a plan: what warehouse/plans.csv says, owner and provider or format, and nothing else.

Usage under a plan is api-equivalent: nobody bills it by the token, so no report of a bill can hold it, and it never
competes with one.
"""

from collections.abc import Mapping
from datetime import date
from functools import partial

import polars as pl

from pipelines.costs.counted_rows import Rule
from pipelines.costs.overlap import Counted, count_once
from pipelines.costs.pricing.price_sums import PLAN_ID
from pipelines.schema.accounts import DEFAULT_ACCOUNT
from pipelines.usage.owner_map import KINDS
from pipelines.usage.plan_file import PLAN_KINDS

_IS_BILLED = pl.col(PLAN_ID).is_null()
_COVERS_USAGE = (pl.col("covers_provider").list.len() > 0) | (pl.col("covers_format").list.len() > 0)


def lines_of(plans: pl.DataFrame, day: date) -> pl.DataFrame:
    """The lines of plans (`plan_file.PLAN_SCHEMA`) that cover usage on a day."""
    is_valid = (pl.col("valid_from") <= day) & (pl.col("valid_to") > day).fill_null(value=True)
    return plans.filter(is_valid & _COVERS_USAGE)


def covering_lines(plans: pl.DataFrame) -> list[tuple[date, date | None, str]]:
    """First day, end and meaning of each line that covers usage, sorted: the same text covers the same."""
    lines = plans.filter(_COVERS_USAGE).sort(PLAN_ID, "valid_from")
    meanings = lines.select(PLAN_ID, "covers_provider", "covers_format").rows()
    days = lines.select("valid_from", "valid_to").rows()
    return [(first, end, str(meaning)) for (first, end), meaning in zip(days, meanings, strict=True)]


def count_days(days: Mapping[date, pl.LazyFrame], plans: pl.DataFrame, owners: pl.DataFrame) -> dict[date, Counted]:
    """`count_once` of each day; on days that a plan covers, of the usage under plans and of the rest apart.

    Then the usage that counts has the column PLAN_ID. `owners`: `owner_map.OWNER_SCHEMA`.
    """
    if plans.is_empty():
        return {day: count_once(usage) for day, usage in days.items()}
    counted = {}
    for day, usage in days.items():
        lines = lines_of(plans, day)
        counted[day] = count_once(usage) if lines.is_empty() else _count_apart(usage, lines, owners_on(owners, day))
    return counted


def owners_on(owners: pl.DataFrame, day: date) -> pl.DataFrame:
    """The lines of the file of owners that mean a day."""
    moment = pl.lit(day).cast(pl.Datetime("us"))
    return owners.filter(
        (pl.col("valid_from").fill_null(moment) <= moment) & (pl.col("valid_to") > moment).fill_null(value=True)
    )


def _count_apart(usage: pl.LazyFrame, lines: pl.DataFrame, owners: pl.DataFrame) -> Counted:
    marked = with_plans(usage, lines, owners)
    billed, covered = (count_once(marked.filter(condition)) for condition in (_IS_BILLED, ~_IS_BILLED))
    left_out = [one.left_out for one in (billed, covered) if one.left_out is not None]
    return Counted(
        pl.concat([billed.usage, covered.usage], how="diagonal"),
        pl.concat([billed.overlaps, covered.overlaps]),
        pl.concat(left_out, how="diagonal") if left_out else None,
        partial(_apart, lines=lines, owners=owners, billed=billed.rule, covered=covered.rule),
    )


def _apart(usage: pl.LazyFrame, lines: pl.DataFrame, owners: pl.DataFrame, billed: Rule, covered: Rule) -> pl.LazyFrame:
    """A `counted_rows.Rule`: with the other arguments, what `_count_apart` leaves of any part of the same usage."""
    marked = with_plans(usage, lines, owners)
    return pl.concat([billed(marked.filter(_IS_BILLED)), covered(marked.filter(~_IS_BILLED))], how="diagonal")


def with_plans(usage: pl.LazyFrame, lines: pl.DataFrame, owners: pl.DataFrame) -> pl.LazyFrame:
    """Usage of one day with PLAN_ID, NULL where no plan covers it.

    `lines`: of `lines_of`; `owners`: of `owners_on`. Of plans of several kinds of owners the closest counts: of a key
    before a user, a project, an account and a team.
    """
    named = usage.collect_schema().names()
    owned = {kind: _text(column, named) for kind, column in KINDS.items()}
    owned["account"] = owned["account"].fill_null(DEFAULT_ACCOUNT)
    owned["team"] = _team(owned, owners)
    found = []
    for kind in PLAN_KINDS:
        groups = lines.filter(kind=kind).group_by("covers_provider", "covers_format", maintain_order=True)
        for (providers, formats), group in groups:
            ids = dict(group.select("id", PLAN_ID).iter_rows())
            of_owner = owned[kind].replace_strict(ids, default=None, return_dtype=pl.String)
            found.append(pl.when(_is_in("provider", providers) & _is_in("format", formats)).then(of_owner))
    return usage.with_columns(pl.coalesce(found).alias(PLAN_ID))


def not_owed() -> pl.Expr:
    """The effective cost of usage under a plan: 0, or NULL where nothing has a price."""
    return (pl.col("effective_cost_usd") * 0).cast(pl.Decimal(38, 12)).alias("effective_cost_usd")


def _text(column: str, named: list[str]) -> pl.Expr:
    return pl.col(column).cast(pl.String) if column in named else pl.lit(None, pl.String)


def _is_in(column: str, allowed: list[str]) -> pl.Expr:
    return pl.col(column).cast(pl.String).is_in(list(allowed)) if len(allowed) else pl.lit(value=True)


def _team(owned: Mapping[str, pl.Expr], owners: pl.DataFrame) -> pl.Expr:
    """The team of the first id that is mapped, as `owner_map.with_teams` has it."""
    teams = []
    for kind in KINDS:
        of_kind = dict(owners.filter(kind=kind).select("id", "team").iter_rows())
        if of_kind:
            teams.append(owned[kind].replace_strict(of_kind, default=None, return_dtype=pl.String))
    return pl.coalesce(teams) if teams else pl.lit(None, pl.String)
