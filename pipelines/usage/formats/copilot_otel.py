"""GitHub Copilot's OpenTelemetry file export (COPILOT_OTEL_FILE_EXPORTER_PATH), JSON lines -> one row per model call.

A line is a span, or a log record, as the JavaScript SDK prints them: attributes as an object, times as [seconds,
nanoseconds]. Attributes are those of the GenAI conventions, so counts are read as in `otel_genai`. A chat span and the
log record of its inference state the same call with the same span id (or response id) and are one row; agents' spans
and turns repeat their calls (ccusage adapter/copilot/parser.rs), and are not read.
"""

from collections.abc import Iterator
from dataclasses import replace

from pipelines.usage.formats.otel_attributes import CALLS, counts_of, read_attributes
from pipelines.usage.formats.otel_genai import OTEL_GENAI
from pipelines.usage.importer import Record

INFERENCE = "gen_ai.client.inference.operation.details"
GITHUB = "github"
NANOSECONDS = 1_000_000_000


def _calls(record: Record) -> Iterator[Record]:
    found = record.get("attributes") or {}
    named = read_attributes(found)
    is_span = record.get("type", "span") == "span"
    is_call = named["operation"] in CALLS if is_span else found.get("event.name") == INFERENCE
    if named["provider"] == GITHUB:  # Who passes the call on; whose model it is, its id tells.
        named["provider"] = None
    place = record.get("spanContext") or record
    yield named | {
        "trace_id": place.get("traceId"),
        "span_id": place.get("spanId"),
        "start_time": _nanoseconds(record.get("startTime") or record.get("hrTime") or record.get("timestamp")),
        "service": _service(record.get("resource") or {}),
        "usage": counts_of(found),
        "is_call": "1" if is_call and named["input"] is not None else None,
    }


def _nanoseconds(time: object) -> int | None:
    if isinstance(time, list):
        return int(time[0]) * NANOSECONDS + int(time[1])
    return None if time is None else int(str(time)) * 1_000


def _service(resource: Record) -> str | None:
    attributes = resource.get("attributes") or {}
    name = attributes.get("service.name") if isinstance(attributes, dict) else None
    return name if isinstance(name, str) else None


COPILOT_OTEL = replace(
    OTEL_GENAI,
    name="copilot_otel",
    description="GitHub Copilot OpenTelemetry file export, JSON lines",
    signatures=(
        frozenset({"type", "traceId", "spanId", "attributes", "startTime"}),
        frozenset({"name", "traceId", "spanId", "attributes", "startTime"}),
        frozenset({"hrTime", "spanContext", "attributes"}),
    ),
    expand=_calls,
)
