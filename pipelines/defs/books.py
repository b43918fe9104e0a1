"""One asset per book: what its sources state, as dated versions, after their checks; and the history that ships.

One op loads all sources of a book. At its end it fails with one line for each proven source that could not be fetched
or was refused; by then the book is built from the others. An experimental source only warns.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import dagster as dg

from pipelines.defs.fetch import TABLES, raw_key, sources_of
from pipelines.defs.metadata import READ_DAILY, asset_key, records, table_spec, version_of
from pipelines.defs.resources import POOL, Secrets, Settings
from pipelines.schema.expectations import Expectation
from pipelines.snapshots.load_book import Loaded, load_book
from pipelines.snapshots.seed_history import seed_gpu_rate_history, seed_price_history
from pipelines.snapshots.stage_body import declared_expectations
from pipelines.sources.catalog import Source
from pipelines.sources.parser_version import parser_version
from pipelines.warehouse.database import Warehouse

GROUPS = {
    "token_price": "prices",
    "gpu_rate": "gpu_rates",
    "exchange_rate": "gpu_rates",
    "model_lifecycle": "lifecycles",
}
SEVERITIES = {"critical": dg.AssetCheckSeverity.ERROR, "warning": dg.AssetCheckSeverity.WARN}


def history_asset(table: str, kinds: set[str], seed: Callable[[Warehouse], int]) -> dg.AssetsDefinition:
    """What the program ships of a book from before the first fetch."""
    spec = table_spec(
        f"core.{table}",
        GROUPS[table],
        kinds,
        key=asset_key(f"shipped.{table}"),
        description=f"Rows of core.{table} from before the first fetch of a source, as they ship.",
    )

    @dg.multi_asset(name=f"seed_{table}", specs=[spec], pool=POOL)
    def seeded(settings: Settings) -> dg.MaterializeResult[Any]:
        # Recorded pages replay a past of their own.
        new = seed(settings.warehouse) if settings.base_url is None else 0
        return dg.MaterializeResult(metadata={"versions_new": new})

    return seeded


price_history = history_asset("token_price", {"parquet", "duckdb"}, seed_price_history)
gpu_rate_history = history_asset("gpu_rate", {"csv", "duckdb"}, seed_gpu_rate_history)
HISTORIES = {"token_price": price_history, "gpu_rate": gpu_rate_history}
"""Shipped history by the table that it enters."""


def book_asset(table: str) -> dg.AssetsDefinition:
    """Load one book. Which expectations were not met, and by which source, is said by a check of that name."""
    sources = sources_of(table)
    expected = declared_expectations(sources[0])  # they follow from the columns, so all sources of a book have the same
    key = asset_key(f"core.{table}")
    shipped = [f"shipped.{table}"] if table in HISTORIES else []

    @dg.multi_asset(
        name=f"load_{table}",
        specs=[
            table_spec(
                f"core.{table}",
                GROUPS[table],
                {"polars", "duckdb"},
                [f"raw.{table}_pages", *shipped],
                code_version=version_of(*(parser_version(source.parse) for source in sources)),
                freshness_policy=READ_DAILY,
            )
        ],
        check_specs=[check_spec(key, expectation) for expectation in expected],
        can_subset=True,  # then no check has to be there: one of no page at all would pass by accident
        pool=POOL,
    )
    def loaded(context: dg.AssetExecutionContext, settings: Settings, secrets: Secrets) -> Iterator[Any]:
        asked = [source for source in selected_sources(context, sources) if secrets.is_asked(source, settings)]
        found = list(load_book(settings.warehouse, asked, settings.now()))
        asked_for = {check.name for check in context.selected_asset_check_keys}
        if any(one.promotion and one.promotion.checks for one in found):
            yield from (check_result(key, one, found) for one in expected if one.name in asked_for)
        with settings.warehouse.write() as connection:
            (count,) = connection.table(f"core.{table}").count("*").fetchall()[0]
        yield dg.MaterializeResult(
            asset_key=key, metadata={"dagster/row_count": count, "sources": records(map(source_row, found))}
        )
        tell_failures(context, table, found)

    return loaded


def selected_sources(context: dg.AssetExecutionContext, sources: Sequence[Source]) -> list[Source]:
    """Those that the run fetches; all where it fetches none of them, or everything."""
    selection = context.run.asset_selection or frozenset()
    return [source for source in sources if raw_key(source) in selection] or list(sources)


def tell_failures(context: dg.AssetExecutionContext, table: str, found: Sequence[Loaded]) -> None:
    """Warn of experimental sources that failed. Raises dg.Failure with a line for each proven one."""
    for one in found:
        if one.failure is not None and not one.source.is_proven:
            context.log.warning(f"{one.failure} (experimental)")
    failures = [one.failure for one in found if one.failure is not None and one.source.is_proven]
    if failures:
        raise dg.Failure("\n".join(failures), metadata={"table": f"core.{table}"}, allow_retries=False)


def check_spec(key: dg.AssetKey, expectation: Expectation) -> dg.AssetCheckSpec:
    """An expectation on the staged rows of each source. None blocks: the rows of the other sources are in force."""
    consequence = "refuses the page" if expectation.severity == "critical" else "warns"
    return dg.AssetCheckSpec(
        expectation.name,
        asset=key,
        description=f"{expectation.description} ({expectation.severity}: {consequence}), on the rows of each source",
    )


def check_result(key: dg.AssetKey, expectation: Expectation, found: Sequence[Loaded]) -> dg.AssetCheckResult:
    """One expectation over the sources of a run, with what was observed where it was not met.

    Where only experimental sources do not meet it, it warns.
    """
    held = [
        (one.source, check)
        for one in found
        for check in (one.promotion.checks if one.promotion else ())
        if check.expectation.name == expectation.name
    ]
    unmet = [(source, check) for source, check in held if not check.is_met]
    is_warning = bool(unmet) and not any(source.is_proven for source, _ in unmet)
    rows = [
        {"source": source.key, "observed": check.observed, "is_broken_check": check.is_broken}
        for source, check in unmet
    ]
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=expectation.name,
        passed=not unmet,
        severity=dg.AssetCheckSeverity.WARN if is_warning else SEVERITIES[expectation.severity],
        metadata={"sources_checked": len(held), "not_met_by": records(rows)},
    )


def source_row(one: Loaded) -> dict[str, Any]:
    """What became of one source, as a line of the book's metadata."""
    promotion, restatement = one.promotion, one.restatement
    return {
        "source": one.source.key,
        "outcome": promotion.outcome if promotion else "failed",
        "rows": promotion.row_count if promotion else 0,
        "rows_refused": promotion.reject_count if promotion else 0,
        "prices_held": promotion.held_count if promotion else 0,
        "versions_opened": promotion.change_count if promotion else 0,
        "bodies_read_again": restatement.body_count if restatement else 0,
        "bodies_not_read_again": len(restatement.unread) if restatement else 0,
        "versions_restated": restatement.version_count if restatement else 0,
        "is_experimental": not one.source.is_proven,
        "failure": one.failure or "",
    }


BOOKS = {table: book_asset(table) for table in TABLES}
"""By table."""
