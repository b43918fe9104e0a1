"""Reports that come in pages of time buckets: the usage and cost APIs of OpenAI and of Anthropic.

A page is {data: [{start, end, results: [...]}], has_more, next_page}. What the fields of a result mean belongs to the
importers. A page that is not the last is imported, and a reject tells that more was not fetched.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec
import polars as pl

from pipelines.usage.importer import Record, Rule

PAGE_FIELDS = {"starts": "", "ends": "", "has_more": ""}
"""Texts of every row, beside those of its result."""
RESULT = {"result": "results[]"}
"""The text of a whole result, for formats that say what its numbers mean."""
IS_CUT = Rule(
    "report_is_cut",
    (pl.col("has_more") == "true").fill_null(value=False),
    "has_more is true: the report goes on after the last page of this file; fetch next_page too, or ask with a limit",
)
"""To stand first among the rules. APIs cut at a default limit of a few days without an error."""


def page_reader(start: str, end: str, fields: Mapping[str, str]) -> Callable[[Record], Iterator[Record]]:
    """An `expand` for pages whose buckets have their times under these names.

    `fields`: name of a text -> dotted place in a result. Gives one row per result, and one per page that holds nothing
    but has_more. A bucket by itself, outside of a page, is read too. Raises ValueError for what is no such page.
    """

    def rows(record: Record) -> Iterator[Record]:
        buckets = record.get("data", [record])
        if not isinstance(buckets, list):
            raise ValueError("data is not a list of buckets")
        times: Record = {}
        for bucket in buckets:
            if not isinstance(bucket, dict) or not isinstance(bucket.get("results"), list):
                raise ValueError("a bucket has no list of results")
            times = {"starts": bucket.get(start), "ends": bucket.get(end)}
            for result in bucket["results"]:
                yield {**times, "result": result, **{name: _at(result, place) for name, place in fields.items()}}
        if "data" in record:
            yield {**times, "has_more": bool(record.get("has_more"))}

    return rows


def cut_page(page: bytes, size: int) -> Iterator[bytes]:
    """A `cut`: a page as several of about `size` bytes, between its buckets. What else it states is in the last one.

    What is no page comes whole.
    """
    try:
        fields = msgspec.json.decode(page, type=dict[str, msgspec.Raw])
        buckets = msgspec.json.decode(fields["data"], type=list[msgspec.Raw])
    except (msgspec.DecodeError, KeyError):
        yield page
        return
    part: list[msgspec.Raw] = []
    part_bytes = 0
    for bucket in buckets:
        if part_bytes >= size:
            yield msgspec.json.encode({"data": part})
            part, part_bytes = [], 0
        part.append(bucket)
        part_bytes += len(memoryview(bucket))
    yield msgspec.json.encode({**fields, "data": part})


def without_pages_that_go_on(records: pl.DataFrame) -> pl.DataFrame:
    """A `prepare`: of the has_more of each page only a true one of the last page of a file is kept."""
    is_last = pl.col("source_line") == pl.col("source_line").max().over("import_id")
    return records.filter(pl.col("has_more").is_null() | ((pl.col("has_more") == "true") & is_last))


def _at(result: Any, place: str) -> Any:
    """What stands at a dotted place; None where an object above it is missing."""
    if not isinstance(result, dict):
        raise ValueError("a result is not an object")
    *parents, leaf = place.split(".")
    for name in parents:
        result = result.get(name)
        if not isinstance(result, dict):
            return None
    return result.get(leaf)
