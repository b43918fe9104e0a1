"""One asset per source: its newest page or answer, archived by hash. Nothing is parsed here.

All sources are asked by one op, side by side and outside the database's pool. A source that fails is no failure of
this op: it is told where its rows are loaded, so that the others are loaded all the same.
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from pipelines.defs.metadata import EXPERIMENTAL, OWNERS, READ_DAILY, asset_key, records
from pipelines.defs.resources import Secrets, Settings
from pipelines.snapshots.fetch_attempts import Attempt
from pipelines.snapshots.fetch_source import fetch_sources
from pipelines.sources.catalog import SOURCES, Source
from pipelines.sources.parser_version import parser_version

TABLES = tuple(dict.fromkeys(source.table for source in SOURCES))
"""Tables below core that sources feed: the books."""


def raw_key(source: Source) -> dg.AssetKey:
    """The asset of a source's newest body."""
    return asset_key(f"raw.{source.key}")


def pages_key(table: str) -> dg.AssetKey:
    """The asset of all bodies that one book is loaded from."""
    return asset_key(f"raw.{table}_pages")


def sources_of(table: str) -> list[Source]:
    """The sources that feed a table, by name: the order in which they are loaded and may confirm prices on hold."""
    return sorted((source for source in SOURCES if source.table == table), key=lambda source: source.key)


def source_spec(source: Source) -> dg.AssetSpec:
    """What the UI says of a source. Its output is optional: one that fails, or has no key, has none."""
    proof = "" if source.is_proven else " Its parser was never held to a whole real page."
    return dg.AssetSpec(
        raw_key(source),
        skippable=True,
        group_name="fetch" if source.is_proven else EXPERIMENTAL,
        kinds={"requests"},
        owners=OWNERS,
        tags={"standing": source.standing} | ({} if source.is_proven else {EXPERIMENTAL: ""}),
        description=f"The body of {source.urls[0]}, archived by hash before anything parses it.{proof}",
        metadata={"url": dg.MetadataValue.url(source.urls[0]), "standing": source.standing, "feeds": source.table},
        # Of the parser that reads it: where that changes, the archive is read again.
        code_version=parser_version(source.parse),
        freshness_policy=READ_DAILY,
    )


def pages_spec(table: str) -> dg.AssetSpec:
    """One node between the sources of a book and the book, which is there whichever of them fail."""
    return dg.AssetSpec(
        pages_key(table),
        deps=[raw_key(source) for source in sources_of(table)],
        skippable=True,
        group_name="fetch",
        kinds={"requests"},
        owners=OWNERS,
        tags={"schema": "raw"},
        description=f"How asking the sources of core.{table} went: one row of raw.fetch each.",
    )


@dg.multi_asset(
    name="fetch",
    specs=[*map(source_spec, SOURCES), *map(pages_spec, TABLES)],
    can_subset=True,
    description="Asks every source and archives what comes. Sources whose key is not set are not asked.",
    # For faults of the machine, such as a full disk: what a site does wrong is an attempt, not an exception.
    retry_policy=dg.RetryPolicy(max_retries=2, delay=5, backoff=dg.Backoff.EXPONENTIAL),
    # Before the books, also in a run that leaves out the node between.
    op_tags={"dagster/priority": "1"},
)
def fetch(
    context: dg.AssetExecutionContext, settings: Settings, secrets: Secrets
) -> Iterator[dg.MaterializeResult[Any]]:
    """Ask the sources that the run selects."""
    environ, selected = secrets.environ(), context.selected_asset_keys
    asked = [source for source in SOURCES if raw_key(source) in selected and secrets.is_asked(source, settings)]
    attempts: dict[str, Attempt] = {}
    for attempt in fetch_sources(settings.warehouse, asked, settings.now(), settings.base_url, environ):
        attempts[attempt.source] = attempt
        if attempt.error is not None:
            context.log.warning(f"{attempt.source} could not be fetched: {attempt.error}")
            continue
        yield dg.MaterializeResult(
            asset_key=asset_key(f"raw.{attempt.source}"),
            metadata={"outcome": attempt.outcome, "size_bytes": attempt.size_bytes, "fetch_id": attempt.fetch_id},
            data_version=dg.DataVersion(str(attempt.sha256)),
        )
    for table in TABLES:
        if pages_key(table) in selected:
            rows = [_row(attempts[source.key]) for source in sources_of(table) if source.key in attempts]
            yield dg.MaterializeResult(asset_key=pages_key(table), metadata={"attempts": records(rows)})


def _row(attempt: Attempt) -> dict[str, Any]:
    return {"source": attempt.source, "outcome": attempt.outcome, "error": attempt.error or ""}
