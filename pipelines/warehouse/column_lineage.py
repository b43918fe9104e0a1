"""Which columns a mart's columns are made of, taken from its statement. Nothing is run; no database is needed.

Apart from `marts`, because sqlglot's optimizer takes a tenth of a second to import and only the UI shows lineage.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.lineage import Node, lineage
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope, traverse_scope

from pipelines.schema import ddl
from pipelines.schema.tables import TABLES
from pipelines.warehouse.marts import Mart

DIALECT = "duckdb"
Source = tuple[str, str]
"""Qualified table and column: ("core.usage_cost", "quantity")."""
Rows = dict[tuple[int, str], list[str]]
"""By the id of a SELECT and the name of a column of it that carries a whole row: the columns of that row."""
REFERENCES = (exp.TableColumn, exp.Column)


@cache
def column_lineage(mart: Mart) -> dict[str, tuple[Source, ...]]:
    """The declared columns that each column of a mart is computed from, sorted; none for a constant or a row count.

    Columns that only choose or join rows are no part of it. Raises sqlglot.errors.SqlglotError where the statement
    names a column that no table declares.
    """
    tree = qualify(sqlglot.parse_one(mart.statement, dialect=DIALECT), schema=_declared(), dialect=DIALECT)
    _spread_rows(tree)
    nodes = lineage(None, tree, _declared(), dialect=DIALECT, scope=build_scope(tree), trim_selects=False, copy=False)
    return {name: tuple(sorted(set(_sources(node)))) for name, node in nodes.items()}


def _sources(node: Node) -> Iterator[Source]:
    """The columns of tables at the far end of the graph."""
    for leaf in node.walk():
        if isinstance(leaf.source, exp.Table) and not leaf.downstream:
            yield f"{leaf.source.db}.{leaf.source.name}", exp.to_column(leaf.name, dialect=DIALECT).name


def _spread_rows(tree: exp.Expr) -> None:
    """Make plain columns of whole rows: sqlglot's lineage ends where DuckDB carries a row in a column.

    `SELECT believed FROM listed AS believed` gets a projection `believed.model` AS "believed.model" for each column of
    `listed`, and `pair.believed.model` further out becomes the column "believed.model" of `pair`. Rows that come out
    of a UNION stay as they are.
    """
    rows: Rows = {}
    for scope in traverse_scope(tree):
        select = scope.expression
        if not isinstance(select, exp.Select):
            continue
        for dot in list(select.find_all(exp.Dot)):
            if isinstance(dot.this, exp.Column):
                dot.replace(_field(dot.this, dot.name))
        for projection in list(select.selects):
            carried = next(filter(None, (_row(node, scope, rows) for node in projection.find_all(*REFERENCES))), [])
            for name in carried:
                select.select(_spread(projection, name, scope, rows), copy=False)
            if carried:
                rows[id(select), projection.alias] = carried


def _row(node: exp.Expr, scope: Scope, rows: Rows) -> list[str]:
    """The columns of the row that a reference stands for; none where it is a plain value."""
    is_whole = isinstance(node, exp.TableColumn)
    source = scope.sources.get(node.name if is_whole else node.text("table"))
    if not is_whole:
        return rows.get((id(source.expression), node.name), []) if isinstance(source, Scope) else []
    if isinstance(source, exp.Table):
        return list(_declared()[source.db][source.name])
    query = source.expression if source else None
    return list(query.named_selects) if isinstance(query, exp.Query) else []


def _spread(projection: exp.Expr, name: str, scope: Scope, rows: Rows) -> exp.Expr:
    """The projection with one column of the row in place of the row."""

    def narrowed(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.TableColumn):
            return exp.column(name, table=node.name, quoted=True)
        return _field(node, name) if isinstance(node, exp.Column) and _row(node, scope, rows) else node

    return exp.alias_(projection.unalias().copy().transform(narrowed), f"{projection.alias}.{name}", quoted=True)


def _field(row: exp.Column, name: str) -> exp.Column:
    return exp.column(f"{row.name}.{name}", table=row.table, quoted=True)


@cache
def _declared() -> dict[str, Any]:
    """Schema, table, column and type of all that is declared, as sqlglot asks for it."""
    found: dict[str, Any] = {}
    for table in TABLES:
        columns = table.declaration.columns().items()
        found.setdefault(table.schema, {})[table.name] = {name: ddl.sql_type(column) for name, column in columns}
    return found
