"""The answer of `costs what-if`: the user's usage of some days, or a scenario's month, at other offers.

Everything is a dict of texts and numbers, for JSON and for the terminal alike. Money is exact decimal text.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import duckdb
import polars as pl

from pipelines.costs.quoted_prices import quoted_prices
from pipelines.costs.reprice import EQUAL, Factors, Target, edges_before, frozen
from pipelines.costs.resolve_segments import Resolved, names_of, segments_by_name
from pipelines.costs.usage_buckets import cached_prefixes, changes_within_days, size_edges, usage_buckets
from pipelines.decisions.alternatives import targets_by_class, targets_of_scenario
from pipelines.decisions.paid_cost import LIST, PAID, paid_by, paid_note
from pipelines.decisions.scenario import Scenario
from pipelines.decisions.scenario_usage import scenario_buckets, scenario_offer, scenario_prefixes, stated_segments
from pipelines.decisions.what_if import FORMULA_VERSION, Asked, WhatIf, cheapest, what_if
from pipelines.decisions.workload import workload_of_scenario
from pipelines.models.model_ids import undated
from pipelines.models.one_model import one_model_on
from pipelines.schema.offers import MODEL_KEY, OFFER
from pipelines.snapshots.current import end_of_day
from pipelines.snapshots.user_inputs import classes_in_force, map_in_force
from pipelines.usage.task_classes import class_of
from pipelines.warehouse.published import PublishedWarehouse

SLICES = (*OFFER, "account_id", "project_id", "api_key_id", "user_id", "feature")
"""Columns that usage may be picked by."""
RULES = (
    "meters that the target does not sell count as: cache write 1h -> cache write 5m -> input; cache read -> input; "
    "audio and image cache reads -> their input; any other is unknown",
    "cold cache, once: by conversation (else by key) the largest cached prefix of the busiest hour of the last day "
    "used, at the price of a cache write (else of input) less that of a cache read",
)


@dataclass(frozen=True)
class WhatIfQuestion:
    """Usage of `first` <= day < `until` where columns of SLICES have these values, at the prices of `day`.

    `model`: id as logged, or without its date. `target`: None asks for the alternatives of the user's task classes.
    """

    day: date
    first: date
    until: date
    model: str | None = None
    where: Mapping[str, str] = field(default_factory=dict)
    target: Target | None = None
    low: Factors = EQUAL
    high: Factors = EQUAL


def answer_logs(warehouse: PublishedWarehouse, question: WhatIfQuestion) -> dict[str, Any] | None:
    """From the ledger; None where no usage is in those days. Raises ValueError for a slice without usage."""
    if not warehouse.published_file.exists():
        return None
    from pipelines.costs.counted_usage import counted_usage  # noqa: PLC0415 - imports the declarations of tables

    classes = classes_in_force(warehouse.folder)
    with warehouse.read() as connection:
        days = counted_usage(connection, warehouse.folder, question.first, question.until)
        used = _offers_used(connection, question)
        paid = _paid(connection, question)
    if not days or used.is_empty():
        return None
    where = _slice(question)
    named: dict[str | None, Sequence[Target]] = {None: [question.target]} if question.target else {}
    if not named and not classes.rows.alternatives and classes.problem is not None:
        raise ValueError(classes.problem.text)
    wanted = named or targets_by_class(classes.rows)
    segments, is_one_model = _resolved(warehouse, used, [one for some in wanted.values() for one in some], question)
    edges = _edges(segments, question)
    by_minute = changes_within_days(_all_days(segments, question.day), min(days), max(days))
    buckets = usage_buckets(days, edges, by_minute=by_minute, by={"task_class": class_of(classes.rows)}, where=where)
    if buckets.is_empty():
        raise ValueError("no usage of those days is in the slice; `costs sql` on cost_by_owner shows what there is")
    asked = Asked(wanted, question.day, segments, question.low, question.high, is_one_model)
    answer = _answer(what_if(buckets, cached_prefixes(days, buckets, edges, where), asked), question)
    _add_paid(answer, paid)
    answer |= {"basis": "logs", "first_day": f"{min(days)}", "last_day": f"{max(days)}"}
    if classes.problem is not None:
        answer["notes"].append(classes.problem.text)
    return answer


def answer_scenario(warehouse: PublishedWarehouse, scenario: Scenario, question: WhatIfQuestion) -> dict[str, Any]:
    """From a scenario's month. Raises ValueError where it names no model, or nothing to compare with."""
    if scenario.model is None:
        raise ValueError("the scenario names no model; write model")
    chosen = ([question.target], None) if question.target else targets_of_scenario(warehouse.folder, scenario)
    targets, word = chosen
    offer = scenario_offer(scenario)
    segments, is_one_model = _resolved(warehouse, offer.select(MODEL_KEY), targets, question)
    segments = pl.concat([segments, stated_segments(scenario, question.day)])
    buckets = scenario_buckets(scenario, question.day, _edges(segments, question))
    if scenario.stated_usd_per_mtok:
        is_source = pl.all_horizontal(pl.col(name) == offer[name][0] for name in OFFER)
        segments = segments.filter(~is_source | (pl.col("price_id") == "scenario"))
    asked = Asked({None: targets}, question.day, segments, question.low, question.high, is_one_model)
    rows = what_if(buckets, scenario_prefixes(scenario, question.day), asked)
    answer = _answer([replace(row, spent_usd=None) for row in rows], question)
    answer |= {"basis": "scenario", "scenario": scenario.name}
    if word is not None:
        answer["notes"].append(f"compared with {word}")
    answer["notes"].append("a month of the scenario; it was never used, so nothing was spent")
    answer["notes"] += workload_of_scenario(scenario).notes
    if scenario.stated_usd_per_mtok:
        answer["notes"].append(f"{scenario.model} at the prices that the scenario states, not at its list prices")
    return answer


def _edges(segments: pl.DataFrame, question: WhatIfQuestion) -> list[int]:
    """Prompt sizes, in tokens as logged, from which some price is another at some factor."""
    return edges_before(size_edges(segments), (EQUAL, question.low, question.high))


def _paid(connection: duckdb.DuckDBPyConnection, question: WhatIfQuestion) -> dict[tuple[Any, ...], Decimal]:
    """Effective cost of the slice by OFFER; none where it is picked by what no cost by model is known of."""
    when = {"first": question.first, "until": question.until}
    if {"user_id", "feature"} & question.where.keys():
        return {}
    return paid_by(connection, OFFER, when, question.where)


def _add_paid(answer: dict[str, Any], paid: Mapping[tuple[Any, ...], Decimal]) -> None:
    """What the same usage cost by contract and plans, beside its list cost; of an offer of several classes, in all."""
    classes: dict[tuple[Any, ...], set[Any]] = {}
    for row in answer["rows"]:
        classes.setdefault(tuple(row["source"].values()), set()).add(row["task_class"])
    for row in answer["rows"]:
        offer = tuple(row["source"].values())
        row["spent_effective_usd"] = plain(paid.get(offer)) if len(classes[offer]) == 1 else None
    amounts = [paid.get(offer) for offer in classes]
    in_all = None if None in amounts else sum((one or Decimal(0) for one in amounts), Decimal(0))
    if answer["total"]:
        answer["total"]["spent_effective_usd"] = plain(in_all)
    spent = [row["spent_usd"] for row in answer["rows"]]
    listed = None if None in spent else sum((Decimal(one) for one in spent), Decimal(0))
    answer["price_basis"]["spent_effective_usd"] = PAID
    answer["notes"].append(paid_note(listed, in_all))


def _offers_used(connection: duckdb.DuckDBPyConnection, question: WhatIfQuestion) -> pl.DataFrame:
    """MODEL_KEY of the offers in use in those days."""
    rows = connection.execute(
        f"SELECT DISTINCT {', '.join(MODEL_KEY)} FROM core.usage_cost "
        "WHERE usage_date >= $first AND usage_date < $until ORDER BY ALL",
        {"first": question.first, "until": question.until},
    ).fetchall()
    used = pl.DataFrame(rows, dict.fromkeys(MODEL_KEY, pl.String()), orient="row")
    return used if question.model is None else used.filter(_is_model(pl.col("model"), question.model))


def _slice(question: WhatIfQuestion) -> pl.Expr | None:
    picked = [pl.col(name).cast(pl.String) == value for name, value in question.where.items()]
    if question.model is not None:
        picked.append(_is_model(pl.col("model").cast(pl.String), question.model))
    return pl.all_horizontal(picked) if picked else None


def _is_model(model: pl.Expr, named: str) -> pl.Expr:
    return (model == named) | (undated(model) == named)


def _resolved(
    warehouse: PublishedWarehouse, used: pl.DataFrame, targets: Sequence[Target], question: WhatIfQuestion
) -> Resolved:
    """Prices of the models in use (MODEL_KEY) and of these at each target, by what is known now."""
    there = [one.applied(used).select(MODEL_KEY) for one in targets]
    models = pl.concat([used.select(MODEL_KEY), *there]).unique()
    with quoted_prices(warehouse, None) as prices:
        listed = prices.listed()
        names = names_of(listed, models, map_in_force(warehouse.folder).rows)
        versions = prices.versions(names["listed_model"].unique().to_list())
        segments = segments_by_name(versions, names, prices.read_at)
    return Resolved(segments, one_model_on(names, listed, end_of_day(question.day)))


def _all_days(segments: pl.DataFrame, day: date) -> pl.DataFrame:
    """Segments as they are in force when used and as they are on the day asked for."""
    return pl.concat([segments, frozen(segments, day)])


def _answer(rows: Sequence[WhatIf], question: WhatIfQuestion) -> dict[str, Any]:
    best = cheapest(rows)
    return {
        "date": question.day.isoformat(),
        "factors": {
            "tokenizer": [_factor(one.tokenizer) for one in (question.low, question.high)],
            "output_length": [_factor(one.output_length) for one in (question.low, question.high)],
        },
        "rows": [_row(row, is_cheapest=best.get(tuple(row.source.values())) is row) for row in rows],
        "total": _total(rows) if question.target else None,
        "price_basis": {"*": LIST},
        "rules": list(RULES),
        "notes": _notes(rows, question),
        "formula_version": FORMULA_VERSION,
    }


def _row(row: WhatIf, *, is_cheapest: bool) -> dict[str, Any]:
    money = ("spent_usd", "same_usd", "low_usd", "high_usd", "cold_cache_usd")
    return {
        "task_class": row.source["task_class"],
        "source": {name: row.source[name] for name in OFFER},
        "target": dict(row.target),
        "usage_rows": row.usage_rows,
        "tokens": dict(row.tokens),
        **{name: plain(getattr(row, name)) for name in money},
        "change_low_usd": _difference(row.low_usd, row.same_usd),
        "change_high_usd": _difference(row.high_usd, row.same_usd),
        "is_cheapest": is_cheapest,
        "is_lower_bound": row.is_lower_bound or row.lacks_writes,
        "mapped": [{"meter": meter, "counted_as": other} for meter, other in row.mapped],
        "unknown": [{"meter": meter, "reason": reason} for meter, reason in row.reasons],
        "price_ids": list(row.price_ids),
    }


def _total(rows: Sequence[WhatIf]) -> dict[str, Any]:
    """The sums over all rows; None where one of them is."""
    sums: dict[str, Any] = {}
    for name in ("spent_usd", "same_usd", "low_usd", "high_usd"):
        amounts = [getattr(row, name) for row in rows]
        sums[name] = None if None in amounts else plain(sum(amounts, Decimal(0)))
    by_offer = {tuple(row.source[name] for name in OFFER): row.cold_cache_usd for row in rows}
    cold = list(by_offer.values())
    sums["cold_cache_usd"] = None if None in cold else plain(sum((one or Decimal(0) for one in cold), Decimal(0)))
    return sums


def _notes(rows: Sequence[WhatIf], question: WhatIfQuestion) -> list[str]:
    notes = ["no claim of quality: which models are good enough is the user's word"]
    if question.low == question.high == EQUAL:
        notes.append(
            "tokenizer and output length are taken as equal (factor 1), which nobody has measured here; give ranges "
            "such as --tokenizer 1..1.3 --output-length 0.8..1.5"
        )
    if any(row.target["service_tier"] != "standard" and dict(row.mapped).get("cache_read") for row in rows):
        notes.append(
            "the list prints no cache price for that tier, so cache reads count as input there: it costs at most this "
            "where the provider lets both discounts hold"
        )
    if any(row.lacks_writes for row in rows):
        notes.append("no cache writes are counted, and the target bills them: it costs at least this")
    return notes


def _difference(there: Decimal | None, here: Decimal | None) -> str | None:
    return None if there is None or here is None else plain(there - here)


def _factor(factor: Fraction) -> str:
    return f"{Decimal(factor.numerator) / Decimal(factor.denominator):f}"


def plain(amount: Decimal | None) -> str | None:
    """All digits that count, without exponent or trailing zeros."""
    if amount is None:
        return None
    text = f"{amount:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"
