"""The object store that the environment names: whether it answers. What is in it is not held against anything."""

from collections.abc import Iterator, Mapping

from pipelines.doctor.finding import Finding
from pipelines.warehouse.object_store import VARIABLE, ObjectStore
from pipelines.warehouse.warehouse_error import WarehouseError


def look_at_store(environ: Mapping[str, str]) -> Iterator[Finding]:
    """One finding. No key is told."""
    url = environ.get(VARIABLE)
    if not url:
        yield Finding("settings", VARIABLE, "not set: the warehouse lies in its folder alone")
        return
    try:
        count = len(ObjectStore(url).sizes())
    except WarehouseError as error:
        yield Finding("settings", VARIABLE, "cannot be used", str(error))
    else:
        yield Finding("settings", VARIABLE, f"{url}: {count} objects")
