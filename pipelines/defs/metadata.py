"""What the Dagster UI shows about a table or a source, derived from its declaration."""

import hashlib
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import dagster as dg
import dataframely as dy

from pipelines.schema import ddl
from pipelines.schema.tables import TABLES_BY_NAME
from pipelines.schema.usage import Usage

OWNERS = ["team:inference-costs"]
EXPERIMENTAL = "experimental"
"""Group and tag of the sources whose parser was never held to a whole real page."""

READ_DAILY = dg.FreshnessPolicy.time_window(fail_window=timedelta(days=3), warn_window=timedelta(hours=30))
"""Everything is read and built once a day: a day and six hours without is worth a look, three days are `stale`."""


def table_spec(name: str, group: str, kinds: set[str], deps: Iterable[str] = (), **more: Any) -> dg.AssetSpec:
    """The asset of a declared table, below some others; `more` is as AssetSpec takes it."""
    about: dict[str, Any] = {
        "key": asset_key(name),
        "deps": [asset_key(table) for table in dict.fromkeys(deps)],
        "group_name": group,
        "kinds": kinds,
        "owners": OWNERS,
        "tags": {"schema": name.split(".", maxsplit=1)[0]},
        "description": meaning(name),
        "metadata": {"dagster/table_name": name, "dagster/column_schema": column_schema(_declaration(name))},
    }
    return dg.AssetSpec(**(about | more))


def meaning(name: str) -> str:
    """What a declared table holds, in a line."""
    return (_declaration(name).__doc__ or "").strip().splitlines()[0]


def _declaration(name: str) -> type[dy.Schema]:
    return Usage if name == "core.usage" else TABLES_BY_NAME[name].declaration


def column_schema(declaration: type[dy.Schema]) -> dg.TableSchema:
    """The columns of a declared table."""
    columns: dict[str, dy.Column] = declaration.columns()
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name,
                ddl.sql_type(column),
                description=ddl.comment(column),
                constraints=dg.TableColumnConstraints(nullable=column.nullable),
            )
            for name, column in columns.items()
        ]
    )


def asset_key(table: str) -> dg.AssetKey:
    """core.usage_cost is the asset core/usage_cost."""
    return dg.AssetKey(table.split("."))


def version_of(*texts: str) -> str:
    """A code version that changes with any of the texts."""
    return hashlib.sha256("\x1f".join(texts).encode()).hexdigest()[:12]


def records(rows: Iterable[dict[str, Any]]) -> dg.TableMetadataValue | str:
    """Rows of the same columns as a table in the UI; a word where there are none."""
    found = [dg.TableRecord(row) for row in rows]
    return dg.MetadataValue.table(found) if found else "none"
