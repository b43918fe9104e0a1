"""The price of one request on the spot, through the same pricing as the ledger, with the page behind every line."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import polars as pl

from pipelines.costs.price_ledger import names_of, segments_of
from pipelines.costs.pricing.price_usage import price_usage
from pipelines.models.model_aliases import resolved_aliases
from pipelines.models.model_map import MAP_FILE, read_model_map
from pipelines.models.provider_names import UNKNOWN, provider_named
from pipelines.schema.price_segments import MODEL_KEY
from pipelines.schema.usage import QUANTITY_COLUMNS
from pipelines.snapshots.current import known_at
from pipelines.snapshots.seed_history import shipped_evidence, shipped_versions
from pipelines.usage.contract import usage_frame
from pipelines.warehouse.database import Warehouse, read_table

VERSION_COLUMNS = ("valid_from", "valid_to", "known_from", "known_to", "source", "basis", "printed", "time_window")


@dataclass(frozen=True)
class Question:
    """One request. `quantities` by meter; `known_at` None asks by what is known now. Times are naive UTC."""

    model: str
    quantities: Mapping[str, int]
    at: datetime
    known_at: datetime | None = None
    provider: str | None = None
    channel: str | None = None
    region: str = "global"
    service_tier: str = "standard"


def quote(warehouse: Warehouse, question: Question) -> dict[str, Any]:
    """Price one request: exact cost_usd as text or None with its reason, and one entry per meter with its evidence."""
    versions, evidence = _prices(warehouse)
    versions = known_at(versions, question.known_at)
    usage = usage_frame([_usage_row(question)])
    mapped = read_model_map(warehouse.folder / MAP_FILE)
    costs = price_usage(usage.lazy(), segments_of(versions, usage.select(MODEL_KEY), mapped))
    lines = [_line(row, versions, evidence) for row in costs.iter_rows(named=True)]
    reasons = sorted({line["reason"] for line in lines if line["reason"]})
    total = sum((Decimal(line["cost_usd"]) for line in lines if line["cost_usd"] is not None), Decimal(0))
    answer = {
        "model": question.model,
        "service_tier": question.service_tier,
        "at": f"{question.at.isoformat()}Z",
        "known_at": f"{question.known_at.isoformat()}Z" if question.known_at else None,
        "cost_usd": None if reasons else _plain(total),
        "reason": ", ".join(reasons) or None,
        "lines": lines,
    }
    if "unknown_model" in reasons:
        answer |= _hints(usage.select(MODEL_KEY), versions.select(MODEL_KEY).unique(), mapped)
    return answer


def _hints(used: pl.DataFrame, listed: pl.DataFrame, mapped: pl.DataFrame) -> dict[str, Any]:
    """Why no price list knows the id, and which listed ids look like it. None of them is used."""
    alias = resolved_aliases(used, listed, names_of(listed, used, mapped)).row(-1, named=True)
    return {"detail": alias["reason"], "nearest": alias["nearest"]}


def _prices(warehouse: Warehouse) -> tuple[pl.DataFrame, dict[str, str]]:
    """All versions and the address of each fetch: those of the published file, or the shipped ones without one."""
    if not warehouse.published_file.exists():
        return shipped_versions(), dict(shipped_evidence().select("fetch_id", "url").iter_rows())
    with warehouse.read() as connection:
        versions = read_table(connection, "core.token_price")
        urls = connection.execute('SELECT fetch_id, url FROM raw."fetch"').fetchall()
    return versions, dict(urls)


def _usage_row(question: Question) -> dict[str, Any]:
    named = provider_named(question.provider) if question.provider else (None, None)
    return {
        "usage_id": "question",
        "usage_at": question.at,
        "grain": "request",
        "provider": named[0] or UNKNOWN,
        "channel": question.channel or named[1] or "api",
        "region": question.region,
        "model": question.model,
        "service_tier": question.service_tier,
        "format": "question",
        "import_id": "question",
        "source_line": 1,
        **{QUANTITY_COLUMNS[meter]: quantity for meter, quantity in question.quantities.items()},
    }


def _line(cost: Mapping[str, Any], versions: pl.DataFrame, evidence: Mapping[str, str]) -> dict[str, Any]:
    """One meter: how many, at which price, from which version of which list and page."""
    line = {name: cost[name] for name in ("meter", "quantity", "unit", "price_id")}
    line["usd_per_unit"] = None if cost["usd_per_unit"] is None else _plain(cost["usd_per_unit"])
    line["cost_usd"] = None if cost["cost_usd"] is None else _plain(cost["cost_usd"])
    line["reason"] = cost["unpriced_reason"]
    line["first_price_on"] = cost["first_price_on"] and cost["first_price_on"].isoformat()
    if cost["price_id"] is not None:
        version = versions.row(by_predicate=pl.col("price_id") == cost["price_id"], named=True)
        line["listed_as"] = {name: version[name] for name in MODEL_KEY}
        for name in VERSION_COLUMNS:
            value = version[name]
            line[name] = f"{value.isoformat()}Z" if isinstance(value, datetime) else value
        line["page"] = evidence.get(version["fetch_id"])
    return line


def _plain(amount: Decimal) -> str:
    """All digits that count, without exponent or trailing zeros."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
