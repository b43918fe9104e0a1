"""Great Expectations' Data Docs on the newest body of each source, for people who want to read checks as a page."""

from datetime import datetime
from pathlib import Path

from pipelines.schema.validation import write_data_docs
from pipelines.snapshots.source_state import latest_fetch, state_at
from pipelines.snapshots.stage_body import stage_body
from pipelines.sources import archive
from pipelines.sources.catalog import SOURCES
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.published import WarehouseError

FOLDER = "data_docs"


def write_docs(warehouse: Warehouse, at: datetime) -> Path:
    """Parse and validate the newest bodies again and write the pages. Returns the index."""
    staged = {}
    with warehouse.write() as connection:
        for source in SOURCES:
            fetch = latest_fetch(connection, source.key, at)
            if fetch is not None:
                body, fetched_at = archive.read(warehouse.folder, fetch["archive_path"]), fetch["fetched_at"]
                found = stage_body(source, body, state_at(connection, source, fetched_at), fetched_at)
                staged[source.key] = found.rows, found.suite
    if not staged:
        raise WarehouseError("nothing was fetched yet, so there is nothing to document; `costs run` comes first")
    return write_data_docs(staged, warehouse.folder / FOLDER)
