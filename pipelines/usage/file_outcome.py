"""What became of each file of an import, as people are told about it, and the days that may have changed by it.

Data only; what is counted while a file is read is in `batches`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

from pipelines.usage.batches import FileCount, UnknownCount

NOT_READ = ("refused", "not_recognised")
"""Outcomes of files of which nothing could be read."""


@dataclass(frozen=True)
class FileOutcome:
    """What became of one file, as people are told about it."""

    file: Path
    outcome: str
    """imported, known, refused; not_recognised: none of the formats; empty: nothing in it states usage, and it is not
    imported; waiting: it was still being written; reread, or gone: read by an older importer and no longer there."""
    row_count: int = 0
    new_count: int = 0
    duplicate_count: int = 0
    reject_count: int = 0
    ignored_count: int = 0
    unknown: Mapping[str, UnknownCount] = field(default_factory=dict)
    """Path -> what was found there that no meter counts."""
    reason: str | None = None
    dated_by_file_count: int = 0
    """Rows whose log states no time: they have the time of the file's last change."""
    encrypted_count: int = 0
    """Rows that no other log of the same call can meet: a proxy has encrypted their id."""
    first_usage_date: date | None = None
    last_usage_date: date | None = None
    import_id: str = ""
    change: Mapping[str, object] | None = None
    """Of a file that was read again: its row of core.usage_restatement, where anything changed."""


def outcome_of(count: FileCount) -> FileOutcome:
    """What is told of a file that was read to its end."""
    if count.reason is not None:
        outcome = "known" if count.is_known else "empty" if count.is_empty else "refused"
        told = FileOutcome(count.path, outcome, ignored_count=count.ignored_count, reason=count.reason)
        # What is read again and found empty has an import all the same: the one that it was.
        return replace(told, import_id=count.import_id) if count.is_empty else told
    duplicates = count.row_count - count.new_count
    return FileOutcome(
        count.path,
        "imported",
        count.row_count,
        count.new_count,
        duplicates,
        count.reject_count,
        count.ignored_count,
        count.unknown,
        import_id=count.import_id,
        dated_by_file_count=count.dated_by_file_count,
        encrypted_count=count.encrypted_count,
        first_usage_date=count.first_usage_date,
        last_usage_date=count.last_usage_date,
    )


def days_of(outcomes: Iterable[FileOutcome]) -> list[date]:
    """The days that the usage in files of these outcomes may be of, sorted."""
    spans = {(one.first_usage_date, one.last_usage_date) for one in outcomes}
    days = {
        first + timedelta(days=number)
        for first, last in spans
        if first and last
        for number in range((last - first).days + 1)
    }
    return sorted(days)
