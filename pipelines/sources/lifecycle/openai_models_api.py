"""OpenAI's list of models (GET /v1/models, with the user's key) -> model lifecycles. The deprecation page is not read.

Each model has an optional `shutdown_date`, a day or null. No announcement and no replacement is told. The list is that
of one account, so it may hold fine-tuned models of its owner; a shut down model no longer accepts requests.
"""

import json
import re
from typing import Any

from pipelines.schema.lifecycles import LifecycleObservation
from pipelines.sources.lifecycle.printed_dates import read_date
from pipelines.sources.parsed import Parsed, ParseError, RowCollector

MAX_MODELS = 10_000
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,199}")


def parse(body: bytes) -> Parsed:
    """One row per model: "deprecated" with the day of its shutdown, "active" without one.

    Raises ParseError when the body is no list of models, or when no model has the field `shutdown_date`: without it
    the answer is an older one, which tells nothing about the end of a model.
    """
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ParseError(f"not JSON: {error}") from error
    models = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(models, list) or len(models) > MAX_MODELS:
        raise ParseError("no list of models under 'data'")
    if not any(isinstance(model, dict) and "shutdown_date" in model for model in models):
        raise ParseError("no model has a shutdown_date")
    found = RowCollector(LifecycleObservation)
    listed: set[str] = set()
    for place, model in enumerate(models):
        try:
            row = _row(model)
        except ValueError as error:
            found.reject(f"data[{place}]", str(model), str(error))
            continue
        if row["model"] in listed:
            found.reject(f"data[{place}]", str(model), "repeated")
            continue
        listed.add(row["model"])
        found.add(**row)
    return found.parsed()


def _row(model: Any) -> dict[str, Any]:
    """The row of one model. Raises ValueError for anything but an id with a day or null."""
    if not isinstance(model, dict) or not isinstance(model.get("id"), str) or not _ID.fullmatch(model["id"]):
        raise ValueError("no model id")
    printed = model.get("shutdown_date")
    if printed is not None and not isinstance(printed, str):
        raise ValueError("shutdown_date is no text")
    retires_on, precision = (None, "none") if printed is None else read_date(printed)
    if precision != ("none" if printed is None else "day"):
        raise ValueError(f"shutdown_date is no day: {printed!r:.80}")
    return {
        "provider": "openai",
        "channel": "api",
        "model": model["id"],
        "version": "",
        "scope": "all",
        "state": "deprecated" if retires_on else "active",
        "retires_on": retires_on,
        "retires_precision": precision,
        "retires_printed": printed,
        "outcome": "fail",
    }
