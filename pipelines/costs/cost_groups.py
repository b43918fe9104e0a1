"""On which level our cost and a bill are compared: as finely as the report tells, and no finer.

A model that the report names is compared on its own. What it does not name is compared as one where the report has
lines without a model, since those may stand for any of it.
"""

from dataclasses import dataclass

import polars as pl

from pipelines.models.model_ids import undated
from pipelines.schema.accounts import DEFAULT_ACCOUNT
from pipelines.schema.meters import FEE_METERS
from pipelines.usage.reported_costs import SCOPE

OWNERS = ("account_id", "project_id", "api_key_id")
GROUP = [*SCOPE, "model", *OWNERS]


@dataclass(frozen=True)
class Levels:
    """How the groups of each SCOPE are made up.

    `scopes`: has_rest (billed lines without a model), and knows_account_id, knows_project_id and knows_api_key_id: both
    sides do, and the bill names accounts that the usage has.
    `named`: the undated models that billed lines name. `loose`: fees that billed lines state without a model.
    """

    scopes: pl.DataFrame
    named: pl.DataFrame
    loose: pl.DataFrame

    def of_costs(self, costs: pl.DataFrame) -> pl.DataFrame:
        """Rows of core.usage_cost with model and OWNERS of their group."""
        rows = (
            costs.with_columns(undated(pl.col("model")))
            .join(self.scopes, on=SCOPE, how="left")
            .join(self.named, on=[*SCOPE, "model"], how="left")
            .join(self.loose, on=[*SCOPE, "meter"], how="left")
        )
        is_rest = pl.col("has_rest").fill_null(value=False) & (pl.col("is_named").is_null() | pl.col("is_loose"))
        return _with_owners(rows.with_columns(model=pl.when(~is_rest.fill_null(value=False)).then("model")))

    def of_lines(self, lines: pl.DataFrame) -> pl.DataFrame:
        """Lines of `lines_of_bills` with model and OWNERS of their group."""
        return _with_owners(lines.with_columns(undated(pl.col("model"))).join(self.scopes, on=SCOPE, how="left"))


def levels_of(costs: pl.DataFrame, lines: pl.DataFrame) -> Levels:
    """The levels for rows of core.usage_cost and lines of `lines_of_bills`."""
    billed = lines.filter(kind="billed")
    stated = {owner: pl.col(owner).is_not_null() for owner in OWNERS}
    stated["account_id"] = pl.col("account_id") != DEFAULT_ACCOUNT
    knows = [is_stated.all().alias(f"knows_{owner}") for owner, is_stated in stated.items()]
    accounts = pl.col("account_id").unique()
    ours = costs.group_by(SCOPE).agg(*knows, accounts=accounts)
    scopes = (
        billed.group_by(SCOPE)
        .agg(*knows, accounts=accounts, has_rest=pl.col("model").is_null().any())
        .join(ours, on=SCOPE, suffix="_too")
        .with_columns((pl.col(f"knows_{owner}") & pl.col(f"knows_{owner}_too")) for owner in OWNERS)
        .with_columns(
            pl.col("knows_account_id") & (pl.col("accounts").list.set_difference("accounts_too").list.len() == 0)
        )
        .select(*SCOPE, "has_rest", *(f"knows_{owner}" for owner in OWNERS))
    )
    named = billed.filter(pl.col("model").is_not_null()).select(*SCOPE, undated(pl.col("model"))).unique()
    is_fee = pl.col("meter").is_in(FEE_METERS) & pl.col("model").is_null()
    loose = billed.filter(is_fee).select(*SCOPE, "meter").unique()
    return Levels(scopes, named.with_columns(is_named=True), loose.with_columns(is_loose=True))


def _with_owners(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(pl.when(f"knows_{owner}").then(owner).alias(owner) for owner in OWNERS)
