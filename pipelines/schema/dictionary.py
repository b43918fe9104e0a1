"""The data dictionary: every table and column as Markdown, from the declarations."""

from collections.abc import Iterator

import dataframely as dy

from pipelines.schema import ddl
from pipelines.schema.tables import TABLES
from pipelines.schema.usage import Usage

HEAD = """# Data dictionary

Written by `costs dictionary` from the declarations in `pipelines/schema`; do not edit. The same texts are COMMENTs in
`costs.duckdb`. All times are UTC, all days UTC days, `main` is what people type first.
"""


def render() -> str:
    """The whole dictionary."""
    parts = [HEAD]
    for table in sorted(TABLES, key=lambda table: (table.schema != "main", table.schema, table.name)):
        parts += _section(table.qualified, table.meaning, table.declaration)
    parts += _section("core.usage", (Usage.__doc__ or "").strip().splitlines()[0] + " A view on the ledger.", Usage)
    return "\n".join(parts)


def _section(name: str, meaning: str, declaration: type[dy.Schema]) -> Iterator[str]:
    columns: dict[str, dy.Column] = declaration.columns()
    yield f"\n## {name}\n\n{meaning}\n\n| column | type | meaning | unit | values |\n|---|---|---|---|---|"
    for column_name, column in columns.items():
        metadata = column.metadata or {}
        kind = ddl.sql_type(column) + ("" if column.nullable else " NOT NULL")
        values = ", ".join(metadata.get("allowed", ()))
        yield f"| {column_name} | {kind} | {column.description} | {metadata.get('unit', '')} | {values} |"
