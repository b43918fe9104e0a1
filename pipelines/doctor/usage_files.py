"""What lies in the inbox: how much of it was read, what waits, and what no run could read."""

from collections.abc import Iterator

from pipelines.doctor.finding import Finding
from pipelines.usage.file_outcome import NOT_READ
from pipelines.usage.import_files import files_seen
from pipelines.warehouse.database import Warehouse

MAX_NAMED = 10
MEND = "mend it or take it out of the inbox; `costs usage files` lists all"


def look_at_inbox(warehouse: Warehouse) -> Iterator[Finding]:
    """How many files there are of each state, and each of which nothing could be read."""
    files = files_seen(warehouse).filter("is_in_inbox")
    counts = dict(files.group_by("state").len().iter_rows())
    done = f"{counts.get('read', 0)} read, {counts.get('empty', 0)} without usage"
    yield Finding("inbox", "files", f"{done}, {counts.get('waiting', 0)} waiting for the next run")
    unread = files.filter(files["state"].is_in(NOT_READ))
    for row in unread.head(MAX_NAMED).iter_rows(named=True):
        yield Finding("inbox", row["file_name"], f"{row['state'].replace('_', ' ')}: {row['reason']}", MEND)
    if unread.height > MAX_NAMED:
        yield Finding("inbox", "others", f"{unread.height - MAX_NAMED} more of which nothing could be read", MEND)
