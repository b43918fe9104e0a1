"""Bodies of the archive that a rebuilt database has not decided on: load them in the order in which they were fetched.

They take the road of any body, at their own moment, so they become the versions that they were or would have been.
"""

from collections.abc import Iterator

from pipelines.snapshots.load_body import Promotion, promote_latest
from pipelines.sources.catalog import SOURCES_BY_KEY
from pipelines.warehouse.database import Warehouse

_UNDECIDED = """
SELECT page.source, page.fetched_at
FROM raw.fetch AS page
LEFT JOIN (SELECT source, max(fetched_at) AS decided_to FROM raw.parse GROUP BY source) USING (source)
WHERE page.sha256 IS NOT NULL AND (decided_to IS NULL OR page.fetched_at > decided_to)
ORDER BY page.fetched_at, page.source
"""


def reload_bodies(warehouse: Warehouse) -> Iterator[Promotion]:
    """Load the bodies of each source that were fetched after the last one that was decided on. What became of each.

    A body of a source that the program no longer has is refused.
    """
    with warehouse.write() as connection:
        undecided = connection.execute(_UNDECIDED).fetchall()
    for key, fetched_at in undecided:
        if key in SOURCES_BY_KEY:
            yield promote_latest(warehouse, SOURCES_BY_KEY[key], fetched_at)
        else:
            yield Promotion(key, "refused", "the program has no such source any more")
