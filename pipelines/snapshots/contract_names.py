"""Whether the contract's lines name providers and models that there are: a slip of the pen would price nothing."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import polars as pl

from pipelines.models.model_ids import undated
from pipelines.models.similar_names import did_you_mean
from pipelines.snapshots.contract_file import CONTRACT_FILE, stated_lines
from pipelines.snapshots.user_inputs import Problem, contract_in_force

_KNOWN = """
SELECT provider, model FROM core.token_price UNION SELECT provider, model FROM core.usage_cost
"""


def unknown_names(connection: duckdb.DuckDBPyConnection, folder: Path, today: date) -> Iterator[Problem]:
    """One problem for each line in force by a day that names what no price list and no usage has.

    None where there are no price lists yet.
    """
    lines = stated_lines(folder / CONTRACT_FILE, contract_in_force(folder).content)
    begun = [(line, term) for line, term in lines if (term["valid_from"] or today) <= today]
    named = [(line, name, term[name]) for line, term in begun for name in ("provider", "model") if term[name]]
    if not named:
        return
    known = connection.sql(_KNOWN).pl().with_columns(undated=undated(pl.col("model")))
    if known.is_empty():
        return
    names = {"provider": set(known["provider"]), "model": {*known["model"], *known["undated"]}}
    for line, kind, name in named:
        if name not in names[kind]:
            yield Problem(
                CONTRACT_FILE,
                f"{folder / CONTRACT_FILE} line {line}: no price list and no usage has the {kind} {name!r}, so the "
                f"line prices nothing{did_you_mean(name, names[kind])}",
            )
