"""OpenAI dashboard export of completions usage (24 columns, tab or comma) -> one row per bucket.

Sums, as OpenAI's reference of the same fields states them: input_tokens is everything; input_cached_tokens
and input_uncached_tokens are its two halves; input_text/audio/image_tokens are the *uncached* tokens by kind
and input_cached_text/audio/image_tokens the cached ones; output_tokens is the sum of its three kinds, and
reasoning is inside the text. Exports have been seen in which input_audio_tokens still held cached tokens, and
newer ones count cache writes: such a row does not add up, or has a column unknown here, and is refused.
"""

import csv
import re
from collections.abc import Sequence
from datetime import UTC, datetime

import polars as pl

from pipelines.schema.usage import QUANTITY_COLUMNS
from pipelines.usage.importers import MAX_COUNT, Importer, ParseLine, Refused, Row, identity, text_or_none

METERS = {
    "input_uncached_tokens": "input_text_tokens",
    "cache_read_tokens": "input_cached_text_tokens",
    "output_tokens": "output_text_tokens",
    "audio_input_tokens": "input_audio_tokens",
    "audio_cache_read_tokens": "input_cached_audio_tokens",
    "audio_output_tokens": "output_audio_tokens",
    "image_input_tokens": "input_image_tokens",
    "image_cache_read_tokens": "input_cached_image_tokens",
    "image_output_tokens": "output_image_tokens",
    "requests": "num_model_requests",
}
TOTALS = ("input_tokens", "output_tokens", "input_cached_tokens", "input_uncached_tokens")
TIME_COLUMNS = ("start_time", "end_time", "start_time_iso", "end_time_iso")
OWNER_COLUMNS = ("project_id", "user_id", "api_key_id")
COLUMNS = frozenset((*METERS.values(), *TOTALS, *TIME_COLUMNS, *OWNER_COLUMNS, "model", "batch", "service_tier"))
SERVICE_TIERS = {"": "standard", "default": "standard", "auto": "standard", "flex": "flex", "priority": "priority"}
WHOLE_NUMBER = re.compile(r"([0-9]{1,16})(?:\.0{1,20})?")
UNCACHED_KINDS = ("input_text_tokens", "input_audio_tokens", "input_image_tokens")
CACHED_KINDS = ("input_cached_text_tokens", "input_cached_audio_tokens", "input_cached_image_tokens")
OUTPUT_KINDS = ("output_text_tokens", "output_audio_tokens", "output_image_tokens")
SUMS = (
    ("input_uncached_tokens", UNCACHED_KINDS),
    ("input_cached_tokens", CACHED_KINDS),
    ("input_tokens", UNCACHED_KINDS + CACHED_KINDS),
    ("output_tokens", OUTPUT_KINDS),
)

Cells = dict[str, str]


def recognises(first_lines: Sequence[str]) -> bool:
    """True if the first line names all 24 columns, each once, in any order."""
    try:
        names = _cells(first_lines[0], _delimiter(first_lines[0]))
    except Refused:
        return False
    return set(names) >= COLUMNS and len(set(names)) == len(names)


def open_export(header: str) -> ParseLine:
    """The function that reads the lines under this header."""
    delimiter = _delimiter(header)
    names = _cells(header, delimiter)

    def parse_line(text: str) -> Row | None:
        values = _cells(text, delimiter)
        if len(values) != len(names):
            raise Refused("wrong_column_count", f"{len(values)} cells, the header has {len(names)}")
        return _row(dict(zip(names, values, strict=True)))

    return parse_line


def settle(usage: pl.DataFrame) -> pl.DataFrame:
    """Number the rows of one bucket, so that each has its own usage_id; rows equal in every number are one row.

    One export can hold two rows with the same dimensions and different numbers, and both are billed (ids that
    were removed or merged before the export). The number is the rank by size, not the place in the file,
    so that an overlapping export in another order gives every row the same usage_id.
    """
    quantities = list(QUANTITY_COLUMNS.values())
    order = ["output_tokens", "requests", *[name for name in quantities if name not in ("output_tokens", "requests")]]
    distinct = usage.unique(["usage_id", *quantities], keep="first", maintain_order=True)
    ranked = distinct.sort(order, descending=True, nulls_last=True, maintain_order=True)
    number = pl.int_range(1, pl.len() + 1).over("usage_id").cast(pl.String)
    return ranked.with_columns(usage_id=pl.col("usage_id") + "-" + number).sort("source_line")


def _delimiter(header: str) -> str:
    return max("\t,", key=header.count)


def _cells(text: str, delimiter: str) -> list[str]:
    """Cells of one line. A quoted line end inside a cell is not supported: no column of this export holds one."""
    try:
        return [cell.strip() for cell in next(csv.reader([text], delimiter=delimiter, strict=True))]
    except (csv.Error, StopIteration) as error:
        raise Refused("invalid_csv", str(error)) from None


def _row(cells: Cells) -> Row | None:
    if not any(value for name, value in cells.items() if name not in TIME_COLUMNS):
        return None
    counts = _counts(cells)
    _check_sums(counts)
    starts_at, ends_at = _instant(cells, "start_time"), _instant(cells, "end_time")
    if ends_at <= starts_at:
        raise Refused("bucket_ends_before_start", f"{cells['start_time']} to {cells['end_time']}")
    model = text_or_none("model", cells["model"])
    if model is None:
        raise Refused("no_model", "export the usage grouped by model")
    owners = {name: text_or_none(name, cells[name]) for name in OWNER_COLUMNS}
    tier = _service_tier(cells)
    dimensions = (*owners.values(), model, cells["batch"].upper(), cells["service_tier"].lower())
    return {
        "usage_id": identity("openai_dashboard", str(starts_at), str(ends_at), *dimensions),
        "usage_at": starts_at,
        "usage_until": ends_at,
        "grain": "bucket",
        "provider": "openai",
        "channel": "api",
        "region": "global",
        "model": model,
        "service_tier": tier,
        **{column: counts[name] for column, name in METERS.items()},
        **owners,
    }


def _counts(cells: Cells) -> dict[str, int | None]:
    counts = {name: _whole(name, cells[name]) for name in (*METERS.values(), *TOTALS)}
    unknown = [name for name in cells if name.endswith("_tokens") and name not in COLUMNS and _whole(name, cells[name])]
    if unknown:
        raise Refused("unknown_token_column", f"{', '.join(unknown)} is not 0; it is unknown how it is billed")
    return counts


def _whole(name: str, text: str) -> int | None:
    """A count printed as 10 or 10.0; None for an empty cell."""
    if not text:
        return None
    match = WHOLE_NUMBER.fullmatch(text)
    if match is None or int(match[1]) > MAX_COUNT:
        raise Refused("not_a_count", f"{name} is {text!a:.40}")
    return int(match[1])


def _check_sums(counts: dict[str, int | None]) -> None:
    """Every total that is given must be the sum of its parts; an empty part counts nothing."""
    total, cached, uncached = (
        counts[name] for name in ("input_tokens", "input_cached_tokens", "input_uncached_tokens")
    )
    if total is not None and cached is not None and cached > total:
        raise Refused("cached_exceeds_input", f"{cached} cached of {total} input tokens")
    if None not in (total, cached, uncached) and (cached or 0) + (uncached or 0) != total:
        raise Refused("input_does_not_add_up", f"{cached} cached + {uncached} uncached is not {total}")
    for name, parts in SUMS:
        found = sum(counts[part] or 0 for part in parts)
        if counts[name] is not None and counts[name] != found:
            rule = "output_does_not_add_up" if name == "output_tokens" else "input_does_not_add_up"
            raise Refused(rule, f"{' + '.join(parts)} is {found}, {name} is {counts[name]}")


def _instant(cells: Cells, name: str) -> datetime:
    refused = Refused("not_a_timestamp", f"{name} is {cells[name]!a:.40}, not Unix seconds")
    seconds = WHOLE_NUMBER.fullmatch(cells[name])
    if seconds is None:
        raise refused
    try:
        return datetime.fromtimestamp(int(seconds[1]), UTC).replace(tzinfo=None)
    except (ValueError, OverflowError, OSError):
        raise refused from None


def _service_tier(cells: Cells) -> str:
    batch, tier = cells["batch"].upper(), cells["service_tier"].lower()
    if batch not in ("TRUE", "FALSE", ""):
        raise Refused("unknown_batch_flag", f"batch is {cells['batch']!a:.40}")
    if tier not in SERVICE_TIERS:
        raise Refused("unknown_service_tier", f"service_tier is {cells['service_tier']!a:.40}")
    return "batch" if batch == "TRUE" else SERVICE_TIERS[tier]


OPENAI_DASHBOARD = Importer(
    name="openai_dashboard",
    description="OpenAI dashboard export of completions usage, 24 columns, tab or comma",
    has_header=True,
    recognises=recognises,
    open=open_export,
    settle=settle,
    excerpt=lambda text: text[:500],
)
