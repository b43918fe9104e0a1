"""The priced ledger and the SQL marts by date. One asset per file in sql/marts; its inputs come from the statement."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from pipelines.costs.alias_models import name_models
from pipelines.costs.price_ledger import price_days
from pipelines.defs.metadata import asset_key, table_metadata
from pipelines.defs.partitions import DAYS, IN_ONE_RUN, days_of
from pipelines.defs.resources import POOL, Settings
from pipelines.defs.sources import HISTORIES, book_key
from pipelines.schema.tables import TABLES_BY_NAME
from pipelines.sources.catalog import SOURCES
from pipelines.warehouse.marts import Mart, build_mart, marts


def upstream(tables: tuple[str, ...]) -> list[dg.AssetKey]:
    """The assets behind some tables: a book is fed by one asset per source, other core tables by their own."""
    keys: dict[dg.AssetKey, None] = {}
    for table in tables:
        schema, name = table.split(".")
        feeding = [book_key(source) for source in SOURCES if schema == "core" and source.table == name]
        if table in HISTORIES:
            feeding.append(HISTORIES[table].key)
        if schema == "raw" or name == "price_hold":
            feeding = [book_key(source) for source in SOURCES]
        keys |= dict.fromkeys(feeding or [asset_key(table)])
    return list(keys)


REPORTED_TABLE = TABLES_BY_NAME["core.reported_cost"]
REPORTED_COST = dg.AssetSpec(
    asset_key(REPORTED_TABLE.qualified),
    deps=[asset_key("core.usage")],
    group_name="usage",
    kinds={"duckdb"},
    description=f"{REPORTED_TABLE.meaning} Filled by the import of usage.",
    metadata=table_metadata(REPORTED_TABLE),
)
PRICED = ("core.usage_cost", "core.cost_comparison", "main.usage_overlap")
"""Tables that one pass over the ledger computes."""


@dg.multi_asset(
    name="priced_ledger",
    specs=[
        dg.AssetSpec(
            asset_key(table),
            deps=[asset_key("core.usage"), asset_key("core.reported_cost"), *upstream(("core.token_price",))],
            group_name="costs",
            kinds={"polars", "duckdb"},
            description=TABLES_BY_NAME[table].meaning,
            metadata=table_metadata(TABLES_BY_NAME[table]),
            partitions_def=DAYS,
        )
        for table in PRICED
    ],
    backfill_policy=IN_ONE_RUN,
    pool=POOL,
)
def priced_ledger(context: dg.AssetExecutionContext, settings: Settings) -> Iterator[dg.MaterializeResult[Any]]:
    """Price the days of the run whose usage, prices or reported costs changed."""
    days = price_days(settings.warehouse, days_of(context))
    for table in PRICED:
        yield dg.MaterializeResult(asset_key=asset_key(table), metadata={"days_computed": days})


NAMED_TABLE = TABLES_BY_NAME["core.model_alias"]


@dg.asset(
    key=asset_key("core.model_alias"),
    deps=[asset_key("core.usage_cost"), *upstream(("core.token_price",))],
    group_name="costs",
    kinds={"polars", "duckdb"},
    description=NAMED_TABLE.meaning,
    metadata=table_metadata(NAMED_TABLE),
    pool=POOL,
)
def model_alias(settings: Settings) -> dg.MaterializeResult[Any]:
    """What the ids in use mean."""
    return dg.MaterializeResult(metadata={"dagster/row_count": name_models(settings.warehouse)})


def mart_asset(mart: Mart) -> dg.AssetsDefinition:
    """One SQL file as an asset."""
    is_by_date = mart.table.date_column is not None

    @dg.asset(
        key=asset_key(mart.table.qualified),
        deps=upstream(mart.inputs),
        group_name="costs" if mart.table.name.startswith("cost") else "sources",
        kinds={"duckdb", "sql"},
        description=f"{mart.table.meaning}\n\n```sql\n{mart.statement}\n```",
        metadata=table_metadata(mart.table),
        partitions_def=DAYS if is_by_date else None,
        backfill_policy=IN_ONE_RUN if is_by_date else None,
        pool=POOL,
    )
    def built(context: dg.AssetExecutionContext, settings: Settings) -> dg.MaterializeResult[Any]:
        rows = build_mart(settings.warehouse, mart, days_of(context) if is_by_date else [])
        return dg.MaterializeResult(metadata={"dagster/row_count": rows})

    return built


MART_ASSETS = [mart_asset(mart) for mart in marts()]
