"""What the Dagster UI shows about a table, derived from its declaration."""

from typing import Any

import dagster as dg
import dataframely as dy

from pipelines.schema import ddl
from pipelines.schema.tables import Table


def table_metadata(table: Table) -> dict[str, Any]:
    """Column schema and name of a table, for an asset's definition."""
    columns: dict[str, dy.Column] = table.declaration.columns()
    return {
        "dagster/table_name": table.qualified,
        "dagster/column_schema": dg.TableSchema(
            columns=[
                dg.TableColumn(
                    name,
                    ddl.sql_type(column),
                    description=ddl.comment(column),
                    constraints=dg.TableColumnConstraints(nullable=column.nullable),
                )
                for name, column in columns.items()
            ]
        ),
    }


def asset_key(table: str) -> dg.AssetKey:
    """core.usage_cost is the asset core/usage_cost."""
    return dg.AssetKey(table.split("."))
