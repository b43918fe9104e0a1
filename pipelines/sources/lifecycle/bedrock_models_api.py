"""Bedrock's list of base models (ListFoundationModels, with the user's key) -> model lifecycles. The page is not read.

`modelLifecycle` gives a status and up to four moments, ISO 8601 with a zone: startOfLifeTime (the launch, no fact about
an end), legacyTime, publicExtendedAccessTime ("users should expect higher pricing"), endOfLifeTime. AWS fixes the end
when a model enters its legacy period and only promises a minimum before: the end of an ACTIVE model is a floor.

The list is that of one region, which the ARNs name: that is the scope. Models that have ended are not listed. Variants
for provisioned throughput ("...:0:200k") are refused, as the model itself is listed too.
"""

import json
import re
from datetime import UTC, date, datetime
from typing import Any

from pipelines.schema.lifecycles import LifecycleObservation
from pipelines.sources.lifecycle.bedrock_ids import identity
from pipelines.sources.lifecycle.keyed_rows import Candidate, add_each_once
from pipelines.sources.parsed import Parsed, ParseError, RowCollector

MAX_MODELS = 10_000
STATES = {"ACTIVE": "active", "LEGACY": "legacy"}
YEARS = range(2015, 2100)
_ARN = re.compile(r"arn:aws[a-z-]*:bedrock:([a-z]{2}(?:-[a-z]{2,10}){1,2}-[0-9])::foundation-model/(.{1,200})")
_VARIANT = re.compile(r":[0-9]+:[0-9a-z]+$")


def parse(body: bytes) -> Parsed:
    """One row per model, revision and region.

    Raises ParseError when the body is no list of models, or when no model has a date: the answer is then an older one.
    """
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ParseError(f"not JSON: {error}") from error
    models = answer.get("modelSummaries") if isinstance(answer, dict) else None
    if not isinstance(models, list) or len(models) > MAX_MODELS:
        raise ParseError("no list of models under 'modelSummaries'")
    found = RowCollector(LifecycleObservation)
    candidates = []
    for place, model in enumerate(models):
        where, raw_text = f"modelSummaries[{place}]", str(model)
        try:
            candidates.append(Candidate(0, where, raw_text, _row(model)))
        except ValueError as error:
            found.reject(where, raw_text, str(error))
    if candidates and not any(said.row["legacy_on"] or said.row["retires_on"] for said in candidates):
        raise ParseError("no model has a legacyTime or an endOfLifeTime")
    add_each_once(found, candidates)
    return found.parsed()


def _row(model: Any) -> dict[str, Any]:
    """The row of one model. Raises ValueError for anything but an id with its ARN, a status and moments."""
    if not isinstance(model, dict) or not isinstance(model.get("modelId"), str):
        raise ValueError("no model id")
    arn = _ARN.fullmatch(str(model.get("modelArn")))
    if arn is None or arn[2] != model["modelId"]:
        raise ValueError("no ARN that names the model and its region")
    if _VARIANT.search(model["modelId"]):
        raise ValueError("a variant for provisioned throughput")
    lifecycle = model.get("modelLifecycle")
    if not isinstance(lifecycle, dict) or str(lifecycle.get("status")) not in STATES:
        raise ValueError("no known status")
    moments = {name: _moment(lifecycle.get(f"{name}Time")) for name in ("legacy", "publicExtendedAccess", "endOfLife")}
    state = STATES[lifecycle["status"]]
    rise, end = moments["publicExtendedAccess"], moments["endOfLife"]
    return identity(model["modelId"]) | {
        "scope": arn[1],
        "state": state,
        "legacy_on": _day(moments["legacy"]),
        "price_change_on": _day(rise),
        "retires_on": _day(end),
        "retires_precision": "none" if end is None else "floor" if state == "active" else "day",
        "retires_printed": lifecycle.get("endOfLifeTime"),
        "retires_at": end if state != "active" else None,
        "outcome": "fail" if rise is None else "price_rise",
    }


def _moment(printed: Any) -> datetime | None:
    """Naive UTC. Raises ValueError for anything but a moment with its zone."""
    if printed is None:
        return None
    if not isinstance(printed, str) or len(printed) > 40:
        raise ValueError("a moment that is no text")
    moment = datetime.fromisoformat(printed)
    if moment.tzinfo is None or moment.year not in YEARS:
        raise ValueError(f"a moment without a zone, or of no year of a model: {printed}")
    return moment.astimezone(UTC).replace(tzinfo=None)


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else moment.date()
