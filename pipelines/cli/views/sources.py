"""Sources: the catalog with its health, and what became of their pages."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl
from rich.console import Console

from pipelines.cli.views.tables import cell, print_frame
from pipelines.sources.source import Source
from pipelines.warehouse.published import PublishedWarehouse

if TYPE_CHECKING:  # to list what there is takes neither
    from pipelines.snapshots.load_body import Promotion
    from pipelines.snapshots.reparse import Restatement

MAX_SHOWN = 10
"""Of what may be many and is told in passing."""


def print_promotion(console: Console, promotion: "Promotion") -> None:
    """What became of one page."""
    console.print(
        f"{promotion.source}: {promotion.outcome}, {promotion.row_count} rows, {promotion.reject_count} refused, "
        f"{promotion.held_count} held, {promotion.change_count} versions opened",
        highlight=False,
    )
    if promotion.reason:
        console.print(f"reason: {cell(promotion.reason)}", highlight=False, soft_wrap=True)


def print_restatement(console: Console, restatement: "Restatement") -> None:
    """What reading a source's archive again has changed."""
    console.print(
        f"{restatement.source}: {restatement.body_count} pages read again, "
        f"{restatement.corrected_count} keys restated, {restatement.new_count} new, "
        f"{restatement.withdrawn_count} withdrawn, {restatement.kept_count} kept",
        highlight=False,
        soft_wrap=True,
    )
    for fetched_at, reason in restatement.unread[:MAX_SHOWN]:
        console.print(f"not read: {fetched_at}: {cell(reason)}", highlight=False, soft_wrap=True)
    if len(restatement.unread) > MAX_SHOWN:
        console.print(f"... and {len(restatement.unread) - MAX_SHOWN} pages more that were not read")
    if not restatement.differences.is_empty():
        print_frame(console, restatement.differences, "what was believed and what is now", MAX_SHOWN)


def sources_with_health(warehouse: PublishedWarehouse, sources: Sequence[Source]) -> pl.DataFrame:
    """The catalog beside the newest health of each source, where there is a published file."""
    columns = ("source", "kind", "standing", "is_proven", "url")
    frame = pl.DataFrame([(s.key, s.kind, s.standing, s.is_proven, s.urls[0]) for s in sources], columns, orient="row")
    if not warehouse.published_file.exists():
        return frame
    with warehouse.read() as connection:
        health = connection.sql(
            "SELECT source, status, last_success_at, row_count, open_hold_count FROM source_health "
            "QUALIFY as_of = max(as_of) OVER ()"
        ).pl()
    return frame.join(health, on="source", how="left", maintain_order="left")
