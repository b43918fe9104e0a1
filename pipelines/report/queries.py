"""The statements of sql/report, run on the published file. What their rows become is for the sections."""

import re
from collections.abc import Mapping
from datetime import date

from duckdb import DuckDBPyConnection

from pipelines.report.asked import Asked
from pipelines.report.section import Answer
from pipelines.warehouse import SQL_FOLDER

QUERIES = SQL_FOLDER / "report"
PARAMETER = re.compile(r"\$(\w+)")
TABLE = re.compile(r"\b((?:main|core|raw)\.\w+)\b")
OPTIONAL_TABLES = ("main.budget_status", "main.spend_change", "main.spend_anomaly")
"""Tables that a published file of an older program does not have; their part of the page then says so."""


def run_all(connection: DuckDBPyConnection, asked: Asked, first_usage: date | None) -> dict[str, Answer]:
    """Every statement of sql/report by its name; one that reads a table which is not there yet is left out."""
    parameters = asked.parameters(first_usage)
    known = {name for (name,) in connection.execute("SELECT 'main.' || table_name FROM duckdb_tables()").fetchall()}
    answers = {}
    for file in sorted(QUERIES.glob("*.sql")):
        statement = file.read_text(encoding="utf-8")
        needed = {name for name in TABLE.findall(statement) if name in OPTIONAL_TABLES}
        if needed <= known:
            text = written_in(statement, parameters)
            answers[file.stem] = Answer(file.stem, text, connection.sql(text).pl())
    return answers


def written_in(statement: str, parameters: Mapping[str, str]) -> str:
    """A statement with its parameters as literals. A quote within a value is doubled, so a value stays a value."""
    return PARAMETER.sub(lambda found: "'" + parameters[found[1]].replace("'", "''") + "'", statement)
