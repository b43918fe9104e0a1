"""What reading again has changed: sums of each file before and after it -> core.usage_restatement. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.schema.columns import polars_schema
from pipelines.schema.usage import UsageRestatement
from pipelines.usage.earlier_imports import Earlier, Reread


def restatements(
    rereads: Sequence[Reread],
    new: Mapping[Path, Earlier],
    before: Mapping[str, tuple[int, int, Any]],
    after: Mapping[str, tuple[int, int, Any]],
    as_of: datetime,
) -> pl.DataFrame:
    """UsageRestatement of the files of which something has changed."""
    rows = []
    for reread in rereads:
        now = new[reread.path]
        was = _total(before, [one.import_id for one in reread.supersedes])
        is_now = _total(after, [now.import_id])
        if was == is_now:
            continue
        rows.append(
            {
                "import_id": now.import_id,
                "restated_at": as_of,
                "file_name": now.file_name,
                "format": now.format,
                "version_before": max(one.version for one in reread.supersedes),
                "version_after": now.version,
                **dict(zip(("rows_before", "tokens_before", "usd_before"), was, strict=True)),
                **dict(zip(("rows_after", "tokens_after", "usd_after"), is_now, strict=True)),
            }
        )
    return pl.DataFrame(rows, schema=polars_schema(UsageRestatement))


def _total(sums: Mapping[str, tuple[int, int, Any]], import_ids: Sequence[str]) -> tuple[int, int, Any]:
    found = [sums[import_id] for import_id in import_ids if import_id in sums]
    usd = [amount for _, _, amount in found if amount is not None]
    return sum(count for count, _, _ in found), sum(tokens for _, tokens, _ in found), sum(usd) if usd else None
