"""What an hourly check has changed, and what of the decisions follows from it. The sensors are in `automation`.

Such a check finds nothing new most of the time: then nothing is built. Where it finds something, that is written on the
runs that follow, so that they build what comes from it.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import dagster as dg

from pipelines.costs.price_ledger import changed_books
from pipelines.defs.costs import model_alias
from pipelines.defs.decisions import decisions
from pipelines.defs.marts import MARTS_OF_VERSIONS
from pipelines.defs.metadata import asset_key
from pipelines.defs.resources import Settings

HOURLY_TAG = {"costs/hourly_check": "yes"}
"""Of a run that reads the sources of COSTS_HOURLY_SOURCES alone."""
CHANGED_TAG = "costs/changed"
"""Of a run that follows it: the books of which something was learned."""
OF_ITSELF = ("core.gpu_rate", "core.model_lifecycle", "core.price_hold")
"""Books that no cost comes from: what follows from the others is everything."""


def is_quiet_check(runs: Sequence[dg.RunRecord]) -> bool:
    """Whether these runs are hourly checks that went well: what they have not changed is as it was."""
    return all(
        run.dagster_run.status == dg.DagsterRunStatus.SUCCESS and HOURLY_TAG.items() <= run.dagster_run.tags.items()
        for run in runs
    )


def learned(settings: Settings, runs: Sequence[dg.RunRecord]) -> list[str]:
    """The books of which these runs, which have ended, learned something."""
    begun = min(run.start_time or run.create_timestamp.timestamp() for run in runs)
    return changed_books(settings.warehouse_for_a_sensor, datetime.fromtimestamp(begun, UTC).replace(tzinfo=None))


def changed_tag(books: Iterable[str]) -> dict[str, str]:
    """What is written on a run that follows a change of these books."""
    return {CHANGED_TAG: ",".join(books)}


def decided_from(runs: Sequence[dg.RunRecord]) -> list[dg.AssetKey] | None:
    """What of the decisions and the tables of versions follows from what these builds followed; None: all of it."""
    tags = [run.dagster_run.tags.get(CHANGED_TAG) for run in runs]
    books = {book for tag in tags for book in (tag or "").split(",")}
    if None in tags or not books <= set(OF_ITSELF):
        return None
    specs = [spec for assets in (model_alias, MARTS_OF_VERSIONS, decisions) for spec in assets.specs]
    found = {asset_key(book) for book in books}
    while True:
        more = {spec.key for spec in specs if found & {dep.asset_key for dep in spec.deps}} - found
        if not more:
            return [spec.key for spec in specs if spec.key in found]
        found |= more
