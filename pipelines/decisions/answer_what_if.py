"""The answer of `costs what-if`: the user's usage of some days, or a scenario's month, at other offers.

Everything is a dict of texts and numbers, for JSON and for the terminal alike. Money is exact decimal text.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

import duckdb
import polars as pl

from pipelines.costs.agreed_prices import ACCOUNT, Agreed, agreed_prices
from pipelines.costs.quoted_prices import quoted_prices
from pipelines.costs.reprice import EQUAL, Target, edges_before, frozen
from pipelines.costs.resolve_segments import names_of, segments_by_name
from pipelines.costs.usage_buckets import cached_prefixes, changes_within_days, size_edges, usage_buckets
from pipelines.decisions.alternatives import targets_by_class, targets_of_scenario
from pipelines.decisions.paid_cost import PAID, has_plan, paid_by
from pipelines.decisions.scenario import Scenario
from pipelines.decisions.scenario_usage import scenario_buckets, scenario_offer, scenario_prefixes, stated_segments
from pipelines.decisions.what_if import Asked, WhatIf, what_if
from pipelines.decisions.what_if_question import WhatIfQuestion
from pipelines.decisions.what_if_shown import plain, shown
from pipelines.decisions.workload import workload_of_scenario
from pipelines.models.model_ids import undated
from pipelines.models.one_model import OneModel, one_model_on
from pipelines.schema.accounts import DEFAULT_ACCOUNT
from pipelines.schema.offers import MODEL_KEY, OFFER
from pipelines.snapshots.current import end_of_day
from pipelines.snapshots.user_inputs import classes_in_force, map_in_force
from pipelines.usage.task_classes import class_of
from pipelines.warehouse.published import PublishedWarehouse


def answer_logs(warehouse: PublishedWarehouse, question: WhatIfQuestion) -> dict[str, Any] | None:
    """From the ledger; None where no usage is in those days. Raises ValueError for a slice without usage."""
    if not warehouse.published_file.exists():
        return None
    from pipelines.costs.counted_usage import counted_usage  # noqa: PLC0415 - imports the declarations of tables

    classes = classes_in_force(warehouse.folder)
    with warehouse.read() as connection:
        days = counted_usage(connection, warehouse.folder, question.first, question.until)
        used = _offers_used(connection, question)
        under_plans = _under_plans(connection, question)
    if not days or used.is_empty():
        return None
    where = _slice(question)
    named: dict[str | None, Sequence[Target]] = {None: [question.target]} if question.target else {}
    if not named and not classes.rows.alternatives and classes.problem is not None:
        raise ValueError(classes.problem.text)
    wanted = named or targets_by_class(classes.rows)
    priced = _priced(warehouse, used, [one for some in wanted.values() for one in some], question)
    segments, edges = priced.segments, _edges(priced.segments, question)
    by_minute = changes_within_days(_all_days(segments, question.day), min(days), max(days))
    by = {"task_class": class_of(classes.rows)} | ({} if priced.agreed is None else {"account_id": ACCOUNT})
    buckets = usage_buckets(days, edges, by_minute=by_minute, by=by, where=where)
    if buckets.is_empty():
        raise ValueError("no usage of those days is in the slice; `costs sql` on cost_by_owner shows what there is")
    asked = Asked(wanted, question.day, segments, question.low, question.high, priced.is_one_model, priced.agreed)
    rows = what_if(buckets, cached_prefixes(days, buckets, edges, where), asked)
    answer = shown(rows, question)
    if under_plans is not None:
        _put_paid(answer, under_plans)
    answer["notes"].append(_paid_note(answer, priced.agreed))
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
    priced = _priced(warehouse, offer.select(MODEL_KEY), targets, question)
    segments = pl.concat([priced.segments, stated_segments(scenario, question.day)])
    buckets = scenario_buckets(scenario, question.day, _edges(segments, question))
    buckets = buckets.with_columns(account_id=pl.lit(DEFAULT_ACCOUNT))
    if scenario.stated_usd_per_mtok:
        is_source = pl.all_horizontal(pl.col(name) == offer[name][0] for name in OFFER)
        segments = segments.filter(~is_source | (pl.col("price_id") == "scenario"))
    wanted: dict[str | None, Sequence[Target]] = {None: targets}
    asked = Asked(wanted, question.day, segments, question.low, question.high, priced.is_one_model, priced.agreed)
    rows = what_if(buckets, scenario_prefixes(scenario, question.day), asked)
    answer = shown([_never_used(row) for row in rows], question)
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


def _never_used(row: WhatIf) -> WhatIf:
    listed, effective = (replace(amounts, spent_usd=None) for amounts in (row.listed, row.effective))
    return replace(row, listed=listed, effective=effective)


class _UnderPlans(NamedTuple):
    """What a slice cost of which some is under a plan, whose fee is owed instead: by OFFER, and in all."""

    by_offer: Mapping[tuple[Any, ...], Decimal]
    in_all: Decimal | None


def _under_plans(connection: duckdb.DuckDBPyConnection, question: WhatIfQuestion) -> _UnderPlans | None:
    """None where no plan covers any of it: then the contract alone says what is paid, for any slice.

    Of a slice by user or feature no cost by model is known then, and in all only where no model is picked.
    """
    when = {"first": question.first, "until": question.until}
    people = {name: value for name, value in question.where.items() if name not in OFFER}
    if not has_plan(connection, when, people):
        return None
    if not {"user_id", "feature"} & people.keys():
        paid = paid_by(connection, OFFER, when, question.where)
        return _UnderPlans(paid, sum(paid.values(), Decimal(0)) if question.model is None else None)
    is_whole = question.model is None and people.keys() == question.where.keys()
    return _UnderPlans({}, paid_by(connection, (), when, people).get(()) if is_whole else None)


def _put_paid(answer: dict[str, Any], paid: _UnderPlans) -> None:
    """What the same usage cost by contract and plans in place of the contract alone; of several classes, in all."""
    classes: dict[tuple[Any, ...], set[Any]] = {}
    for row in answer["rows"]:
        classes.setdefault(tuple(row["source"].values()), set()).add(row["task_class"])
    for row in answer["rows"]:
        offer = tuple(row["source"].values())
        row["spent_effective_usd"] = plain(paid.by_offer.get(offer)) if len(classes[offer]) == 1 else None
    if answer["total"]:
        known = [paid.by_offer.get(offer) for offer in classes]
        of_offers = None if None in known else sum((one or Decimal(0) for one in known), Decimal(0))
        answer["total"]["spent_effective_usd"] = plain(paid.in_all if of_offers is None else of_offers)
    answer["price_basis"]["spent_effective_usd"] = PAID


def _paid_note(answer: Mapping[str, Any], agreed: Agreed | None) -> str:
    """Which basis the figures have, in one sentence."""
    if answer["price_basis"].get("spent_effective_usd") == PAID:
        return "effective: what the contract makes of list prices; of what was spent, plans count, too"
    if agreed is None:
        return "all figures are at list prices, which is what is paid: no contract and no plan changes them"
    words = "effective: what the contract makes of list prices, for this usage and at each target"
    if agreed.terms["volume"].is_not_null().any():
        words += "; bands of volume as the month before was in them, the first where it was in none"
    return words


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


class _Priced(NamedTuple):
    segments: pl.DataFrame
    is_one_model: OneModel
    agreed: Agreed | None


def _priced(
    warehouse: PublishedWarehouse, used: pl.DataFrame, targets: Sequence[Target], question: WhatIfQuestion
) -> _Priced:
    """Prices of the models in use (MODEL_KEY) and of these at each target, and the contract, by what is known now."""
    there = [one.applied(used).select(MODEL_KEY) for one in targets]
    models = pl.concat([used.select(MODEL_KEY), *there]).unique()
    with quoted_prices(warehouse, None) as prices:
        listed = prices.listed()
        names = names_of(listed, models, map_in_force(warehouse.folder).rows)
        versions = prices.versions(names["listed_model"].unique().to_list())
        segments = segments_by_name(versions, names, prices.read_at)
        terms = prices.terms()
        agreed = agreed_prices(terms, versions, prices.paid_in_bands(terms))
    return _Priced(segments, one_model_on(names, listed, end_of_day(question.day)), agreed)


def _all_days(segments: pl.DataFrame, day: date) -> pl.DataFrame:
    """Segments as they are in force when used and as they are on the day asked for."""
    return pl.concat([segments, frozen(segments, day)])
