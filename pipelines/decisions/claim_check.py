"""main.claim_check and the answer of `costs claims`: every claim at its own date and on the day asked for.

Reads the prices and rates; what a claim comes to is `claims`'. Nothing is stored but what these give: change a price,
and the row changes.
"""

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import polars as pl

from pipelines.costs.quoted_prices import quoted_prices
from pipelines.costs.resolve_segments import names_of, segments_by_name
from pipelines.decisions.claim_inputs import InputsOn, Rate, inputs_on, models_of_claims, skus_of_claims
from pipelines.decisions.claim_verdict import Checked, check
from pipelines.decisions.claims import FORMULA_VERSION, Claim, Input, claims
from pipelines.snapshots.user_inputs import map_in_force
from pipelines.warehouse.published import PublishedWarehouse

_RATES = """
SELECT provider, tier, sku, usd_per_gpu_hour, valid_from, valid_to, rate_id FROM core.gpu_rate
WHERE sku IN (SELECT unnest($skus)) AND pricing = 'on_demand' AND price_kind = 'quoted' AND usd_per_gpu_hour IS NOT NULL
  AND known_to IS NULL
ORDER BY ALL
"""


def answer_claims(warehouse: PublishedWarehouse, day: date) -> dict[str, Any]:
    """All claims, at their own dates and on a day, by what is known now; without a run from the shipped history."""
    models = models_of_claims()
    with quoted_prices(warehouse, None) as prices:
        names = names_of(prices.listed(), models, map_in_force(warehouse.folder).rows)
        segments = segments_by_name(prices.versions(names["listed_model"].unique().to_list()), names, prices.read_at)
        has_rates = warehouse.published_file.exists()
        rates = gpu_rates(prices.connection) if has_rates else []
    rows = claim_rows(day, segments, rates)
    counts: dict[str, int] = {}
    for row in rows:
        counts[row["verdict"]] = counts.get(row["verdict"], 0) + 1
    return {"date": day.isoformat(), "formula_version": FORMULA_VERSION, "verdicts": counts, "claims": rows}


def gpu_rates(connection: duckdb.DuckDBPyConnection) -> list[Rate]:
    """The rates that the claims name, over time, by what is known now."""
    found = connection.execute(_RATES, {"skus": skus_of_claims()}).fetchall()
    return [Rate(*row) for row in found]


def claim_rows(day: date, segments: pl.DataFrame, rates: list[Rate]) -> list[dict[str, Any]]:
    """One row per claim, in JSON's types, dates as dates; see schema.decisions.ClaimCheck."""
    days = {one.claimed_on for one in claims()} | {day}
    by_day = {one: inputs_on(one, segments, rates) for one in days}
    return [_row(claim, by_day[claim.claimed_on], by_day[day]) for claim in claims()]


def _row(claim: Claim, then: InputsOn, now: InputsOn) -> dict[str, Any]:
    before, after = check(claim, then.inputs, then.missing), check(claim, now.inputs, now.missing)
    return {
        "claim_id": claim.id,
        "article": claim.article,
        "claim": claim.says,
        "claimed_on": claim.claimed_on.isoformat(),
        "unit": claim.unit,
        "stated": claim.stated,
        **_figures(before),
        **{f"{name}_on_day": value for name, value in _figures(after).items()},
        "formula": claim.formula or None,
        "inputs": [_input(one) for one in before.inputs],
        "inputs_on_day": [_input(one) for one in after.inputs],
        "reason": before.reason or None,
        "note": claim.note or None,
    }


def _figures(checked: Checked) -> dict[str, Any]:
    return {"recomputed": checked.recomputed, "factor": checked.factor, "verdict": checked.verdict}


def _input(one: Input) -> dict[str, Any]:
    value = Decimal(one.value.numerator) / Decimal(one.value.denominator)
    return {
        "name": one.name,
        "value": f"{value:f}",
        "unit": one.unit,
        "source": one.source,
        "version": one.version or None,
        "since": one.since.isoformat() if one.since else None,
    }


def claim_table(day: date, segments: pl.DataFrame, rates: list[Rate]) -> list[Mapping[str, Any]]:
    """Rows of main.claim_check for a day: inputs as JSON, and the versions behind them."""
    rows: list[Mapping[str, Any]] = []
    for row in claim_rows(day, segments, rates):
        inputs = [*row["inputs"], *row["inputs_on_day"]]
        versions = sorted({one["version"] for one in inputs if one["version"]})
        texts = {name: json.dumps(row[name]) for name in ("inputs", "inputs_on_day")}
        dates = {"as_of": day, "claimed_on": date.fromisoformat(row["claimed_on"])}
        rows.append(row | texts | dates | {"versions": ",".join(versions) or None, "formula_version": FORMULA_VERSION})
    return rows
