"""Portkey log exports (JSON lines) -> one row per request.

req_units and res_units are the tokens of request and response, cost is US cents (Portkey's page on logs export). What
of the request was cached the export does not say, so all of it counts at the full price. Answers from Portkey's own
cache asked nobody.
"""

from collections.abc import Iterator

from pipelines.usage.call_format import call_format
from pipelines.usage.call_texts import CallCounts, Inside
from pipelines.usage.importer import Record, UsageObject

OWN_CACHE = ("HIT", "SEMANTIC HIT")


def _rows(log: Record) -> Iterator[Record]:
    units = (log.get("req_units"), log.get("res_units"))
    if log.get("cache_status") not in OWN_CACHE and any(count not in (None, "0") for count in units):
        yield {
            "is_call": "1",
            "time": log.get("created_at"),
            "model": log.get("ai_model"),
            "maker": log.get("ai_org"),
            "input": log.get("req_units"),
            "output": log.get("res_units"),
            "total": log.get("total_units"),
            "cost": log.get("cost") if log.get("cost_currency", "USD") == "USD" else None,
            "usage": log,
            "row": log.get("id"),
        }


PORTKEY = call_format(
    "portkey",
    "Portkey log export, JSON lines",
    (frozenset({"ai_org", "ai_model", "req_units", "res_units"}),),
    CallCounts(Inside(cache=True, reasoning=True), is_utc_without_zone=True, cost_per_usd=100),
    rows=_rows,
    usage=UsageObject(
        place="",
        is_record=True,
        counted={"req_units": "input_uncached_tokens", "res_units": "output_tokens"},
        part_of={"total_units": "the sum"},
    ),
)
