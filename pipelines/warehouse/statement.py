"""A statement that a person hands over, held to reading the warehouse: no other file, no network, no extension.

The database of the published file is opened read only; what is refused here is all that a statement could do beside
it. How results are shown is for the command line.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from pipelines.warehouse.published import PublishedWarehouse

READING = {"select", "from", "with", "values", "table", "show", "describe", "desc", "summarize", "pivot", "unpivot"}
"""First words of statements that only read. COPY and EXPORT write files even where the database is read only."""
LEDGER = "ledger"
"""The one folder that views of the published file read."""


class StatementError(ValueError):
    """The statement is none that only reads; the message says what to write instead."""


@contextmanager
def read_only(warehouse: PublishedWarehouse, *, allows_files: bool) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published file, in a session that cannot reach anything else and whose settings cannot be changed.

    `allows_files`: the session may read and write files and load extensions, as the person has asked for.
    """
    with warehouse.read() as connection:
        if not allows_files:
            ledger = str(warehouse.folder.resolve() / LEDGER) + "/"
            connection.execute("SET allowed_directories = $folders", {"folders": [ledger]})
            connection.execute("SET enable_external_access = false")
            connection.execute("SET lock_configuration = true")
        yield connection


def one_statement(text: str, *, allows_files: bool) -> str:
    """The text, if it is one statement that reads. Raises StatementError, and duckdb.Error where it is no SQL."""
    statements = duckdb.extract_statements(text)
    if len(statements) != 1:
        found = f"{len(statements)} statements" if statements else "no statement"
        raise StatementError(f'{found}; write one, such as "FROM cost_daily LIMIT 10"')
    first = first_word(text)
    if not allows_files and first not in READING:
        raise StatementError(
            f"{first.upper()} is no statement that only reads: begin with SELECT, FROM, WITH, VALUES, SHOW, DESCRIBE, "
            "SUMMARIZE, PIVOT or EXPLAIN; --allow-files lets a statement touch files"
        )
    return text


def first_word(text: str) -> str:
    """The word that says what a statement does, in small letters; of an EXPLAIN that of the statement it explains."""
    words = _words(text)
    word = next(words, "")
    if word != "explain":
        return word
    depth = 0
    for word in words:
        depth += (word == "(") - (word == ")")
        if depth == 0 and word not in {"analyze", ")"}:
            return word
    return word


def _words(text: str) -> Iterator[str]:
    """Words and signs in small letters, comments and brackets before the first word left out."""
    tokens = duckdb.tokenize(text)
    ends = [start for start, _ in tokens[1:]] + [len(text.encode())]
    content, has_begun = text.encode(), False
    for (start, kind), end in zip(tokens, ends, strict=True):
        word = content[start:end].decode(errors="replace").split(maxsplit=1)[0].lower().rstrip(";")
        if kind == duckdb.token_type.comment or (word == "(" and not has_begun):
            continue
        has_begun = True
        yield word
