"""Great Expectations' Data Docs on the newest body of each source, for people who want to read checks as a page."""

from datetime import datetime
from pathlib import Path

from pipelines.schema.validation import write_data_docs
from pipelines.snapshots.stage_body import stage_latest
from pipelines.sources.catalog import SOURCES
from pipelines.warehouse.connection import WarehouseError
from pipelines.warehouse.database import Warehouse

FOLDER = "data_docs"


def write_docs(warehouse: Warehouse, at: datetime) -> Path:
    """Parse and validate the newest bodies again and write the pages. Returns the index."""
    staged = {}
    with warehouse.write() as connection:
        for source in SOURCES:
            found = stage_latest(connection, warehouse.folder, source, at)
            if found is not None:
                staged[source.key] = found
    if not staged:
        raise WarehouseError("nothing was fetched yet, so there is nothing to document; `costs run` comes first")
    return write_data_docs(staged, warehouse.folder / FOLDER)
