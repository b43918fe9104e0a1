"""Rows of main.what_if: the usage before a day at other models, by the user's task classes where there are some."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipelines.costs.agreed_prices import ACCOUNT, Agreed
from pipelines.costs.counted_usage import counted_usage
from pipelines.costs.reprice import Target, frozen
from pipelines.costs.resolve_segments import Resolved
from pipelines.costs.usage_buckets import cached_prefixes, changes_within_days, size_edges, usage_buckets
from pipelines.decisions.alternatives import targets_by_class
from pipelines.decisions.what_if import FORMULA_VERSION, Amounts, Asked, WhatIf, cheapest, what_if
from pipelines.schema.columns import polars_schema
from pipelines.schema.offers import MODEL_KEY, OFFER
from pipelines.schema.what_if import WhatIf as WhatIfRow
from pipelines.snapshots.user_inputs import classes_in_force
from pipelines.usage.task_classes import class_of

Resolve = Callable[[pl.DataFrame], tuple[Resolved, Agreed | None]]
"""MODEL_KEY -> price segments of these models, which of them are one, and the contract."""


def what_if_table(
    connection: duckdb.DuckDBPyConnection, folder: Path, day: date, days_before: int, resolve: Resolve
) -> pl.DataFrame:
    """Rows of WhatIf for a day; none without usage in the days before it."""
    nothing = pl.DataFrame(schema=polars_schema(WhatIfRow))
    days = counted_usage(connection, folder, day - timedelta(days=days_before), day)
    if not days:
        return nothing
    classes = classes_in_force(folder).rows
    used = _models_in_use(days)
    everything: dict[str | None, Sequence[Target]] = {None: [Target(*row) for row in used.iter_rows()]}
    targets = targets_by_class(classes) if classes.alternatives else everything
    basis = "task_classes" if classes.alternatives else "models_in_use"
    there = [one.applied(used).select(MODEL_KEY) for some in targets.values() for one in some]
    (segments, is_one_model), agreed = resolve(pl.concat([used, *there]).unique())
    edges = size_edges(segments)
    by_minute = changes_within_days(pl.concat([segments, frozen(segments, day)]), min(days), max(days))
    by = {"task_class": class_of(classes)} | ({} if agreed is None else {"account_id": ACCOUNT})
    buckets = usage_buckets(days, edges, by_minute=by_minute, by=by)
    asked = Asked(targets, day, segments, is_one_model=is_one_model, agreed=agreed)
    rows = what_if(buckets, cached_prefixes(days, buckets, edges), asked)
    rows = [row for row in rows if any(row.target[name] != row.source[name] for name in OFFER)]
    best = cheapest(rows)
    found = [_row(row, day, basis, is_cheapest=best.get(tuple(row.source.values())) is row) for row in rows]
    return pl.DataFrame(found, schema=polars_schema(WhatIfRow)) if found else nothing


def _models_in_use(days: Mapping[date, pl.LazyFrame]) -> pl.DataFrame:
    """MODEL_KEY of all usage, sorted."""
    parts = pl.collect_all([usage.select(MODEL_KEY).unique().cast(pl.String) for usage in days.values()])
    return pl.concat(parts).unique().sort(MODEL_KEY)


def _row(row: WhatIf, day: date, basis: str, *, is_cheapest: bool) -> dict[str, Any]:
    return {
        "as_of": day,
        "basis": basis,
        **row.source,
        **{f"target_{name}": value for name, value in row.target.items()},
        "usage_rows": row.usage_rows,
        "spent_usd": row.listed.spent_usd,
        **_amounts(row.listed, ""),
        **_amounts(row.effective, "effective_"),
        "is_cheapest": is_cheapest,
        "is_lower_bound": row.is_lower_bound or row.lacks_writes,
        "mapped": ", ".join(f"{meter} as {other}" for meter, other in row.mapped) or None,
        "reason": ", ".join(f"{meter}: {reason}" for meter, reason in row.reasons) or None,
        "price_ids": ",".join(row.price_ids) or None,
        "formula_version": FORMULA_VERSION,
    }


def _amounts(paid: Amounts, way: str) -> dict[str, Any]:
    there, here = paid.low_usd, paid.same_usd
    return {
        f"same_{way}usd": here,
        f"target_{way}usd": there,
        f"change_{way}usd": None if there is None or here is None else there - here,
        f"cold_cache_{way}usd": paid.cold_cache_usd,
    }
