"""Alerts about decisions that have another answer than before: a cheaper model, own machines that pay or no more."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import polars as pl

from pipelines.alerts.message import alert, alert_frame, usd_words

MIN_SAVING_USD = Decimal(20)
MIN_GAIN_USD = Decimal(10)
OFFER = ("provider", "channel", "region", "model", "service_tier")
PAYS = {"own_gpus", "managed"}
ANSWERS = (*sorted(PAYS), "api")

Row = dict[str, Any]


def cheaper_equivalent(switches: pl.DataFrame, raised_at: datetime, min_usd: Decimal = MIN_SAVING_USD) -> pl.DataFrame:
    """One alert per model in use while the user's task classes name models that would save `min_usd` a month in all.

    `switches` has the columns of WhatIf, of one day. Where no class says what is good enough, nothing is told.
    """
    best = switches.filter(pl.col("is_cheapest"), pl.col("basis") == "task_classes", pl.col("change_usd") < 0)
    alerts = []
    for (provider, model), rows in best.sort("change_usd", *OFFER, "task_class").group_by(
        ["provider", "model"], maintain_order=True
    ):
        change = sum(rows["change_usd"], Decimal(0))
        if -change < min_usd:
            continue
        targets = list(dict.fromkeys(f"{one['target_provider']} {one['target_model']}" for one in rows.to_dicts()))
        others = f" and {len(targets) - 1} more" if len(targets) > 1 else ""
        alerts.append(
            alert(
                "cheaper_equivalent",
                [provider, model, *sorted(targets)],
                "warning",
                f"{provider} {model}: {targets[0]}{others} would save {usd_words(-change)} a month",
                [
                    *map(_switch_words, rows.to_dicts()),
                    "which models are good enough is the word of task_classes.csv; more: costs what-if",
                ],
                subject=[provider, model],
                alert_on=rows["as_of"][0],
                raised_at=raised_at,
                provider=provider,
                model=model,
                old_value=usd_words(sum(rows["same_usd"], Decimal(0))),
                new_value=usd_words(sum(rows["target_usd"], Decimal(0))),
                usd_per_month_effect=change,
                evidence_id=rows["price_ids"][0],
            )
        )
    return alert_frame(alerts)


def _switch_words(row: Row) -> str:
    whose = f"class {row['task_class']}" if row["task_class"] else "tasks of no class"
    target = f"{row['target_provider']} {row['target_model']}"
    channel = "" if row["target_channel"] == "api" else f" on {row['target_channel']}"
    once = row["cold_cache_usd"]
    filling = f"; filling the caches once: {usd_words(once)}" if once else ""
    bound = "; it may cost more" if row["is_lower_bound"] else ""
    return (
        f"{whose}: {usd_words(row['same_usd'])} -> {usd_words(row['target_usd'])} at {target}{channel}{filling}{bound}"
    )


def break_even_crossed(answers: pl.DataFrame, raised_at: datetime, min_usd: Decimal = MIN_GAIN_USD) -> pl.DataFrame:
    """One alert per API model and day whose own volume is on the other side of the break-even than when last decided.

    `answers` has the columns of BreakEven, of some days; each is held against the one before it. Other ways pay where
    the best one costs at least `min_usd` a month less than the API. A day without a verdict is passed over.
    """
    alerts = []
    past: dict[tuple[str, str], Row] = {}
    for _, of_day in answers.sort("as_of").group_by("as_of", maintain_order=True):
        best = _best_of(of_day, min_usd)
        alerts += [
            _crossed(past[key], row, raised_at, min_usd)
            for key, row in sorted(best.items())
            if key in past and _is_crossed(past[key], row)
        ]
        past |= best
    return alert_frame(alerts)


def _is_crossed(old: Row, row: Row) -> bool:
    """Whether the answer is another one by the same formula."""
    return bool(old["formula_version"] == row["formula_version"] and old["does_pay"] != row["does_pay"])


def _best_of(rows: pl.DataFrame, min_usd: Decimal) -> dict[tuple[str, str], Row]:
    """Of each API model the way that is the cheapest at the own volume, and whether it pays."""
    judged = rows.filter(pl.col("verdict").is_in(ANSWERS))
    bill = pl.col("own_gpu_usd_per_month")
    ordered = judged.sort("api_provider", "api_model", bill, "way", "gpu_provider", "gpu_tier", nulls_last=True)
    best = ordered.unique(["api_provider", "api_model"], keep="first", maintain_order=True)
    return {(row["api_provider"], row["api_model"]): row | {"does_pay": _pays(row, min_usd)} for row in best.to_dicts()}


def _pays(row: Row, min_usd: Decimal) -> bool:
    api, own = row["own_api_usd_per_month"], row["own_gpu_usd_per_month"]
    return row["verdict"] in PAYS and (api is None or own is None or api - own >= min_usd)


def _crossed(old: Row, row: Row, raised_at: datetime, min_usd: Decimal) -> Row:
    whose = f"{row['api_provider']} {row['api_model']}".strip()
    shown = row if row["does_pay"] else old
    way = f"{shown['way']} at {shown['gpu_provider']}" + (f" ({shown['gpu']})" if shown["gpu"] else "")
    is_yours = row["mix_basis"] == "own"
    api, own = row["own_api_usd_per_month"], row["own_gpu_usd_per_month"]
    title = f"{way} no longer saves {usd_words(min_usd)} a month against the API"
    if row["does_pay"]:
        saved = "money" if api is None or own is None else f"{usd_words(api - own)} a month"
        title = f"{way} now saves {saved} against the API"
    bills = [f"a month: API {_known_usd(api)}, cheapest other way {_known_usd(own)}"]
    return alert(
        "break_even_crossed",
        [row["api_provider"], row["api_model"], row["as_of"], row["does_pay"]],
        "warning",
        f"{whose}: {title}{'' if is_yours else ' (by the scenario, as there is no usage)'}",
        [
            f"cause: {'; '.join(_causes(old, row)) or 'another offer is the cheapest'}",
            f"volume: {_count(old['own_tokens_per_month'])} -> {_count(row['own_tokens_per_month'])} tokens a month",
            f"pays from: {_count(old['break_even_tokens_per_month'])} -> {_count(row['break_even_tokens_per_month'])}",
            *bills,
            f"decided before on {old['as_of']}; more: costs break-even",
        ],
        subject=[row["api_provider"], row["api_model"]],
        alert_on=row["as_of"],
        raised_at=raised_at,
        provider=row["api_provider"] or None,
        model=row["api_model"] or None,
        old_value=_verdict_words(old),
        new_value=_verdict_words(row),
        usd_per_month_effect=None if api is None or own is None else own - api,
        evidence_id=row["rate_id"],
    )


def _causes(old: Row, row: Row) -> list[str]:
    """What moved: the threshold, as the row of the day says it, and the own volume."""
    causes = [row["moved_by"]] if row["moved_by"] else []
    if not _is_alike(old["own_tokens_per_month"], row["own_tokens_per_month"]):
        causes.append("your volume" if row["mix_basis"] == "own" else "the scenario's volume")
    return causes


def _is_alike(old: int | None, new: int | None) -> bool:
    """Whether volumes differ by less than a hundredth, which no cause is named for."""
    return old == new or (bool(old) and new is not None and abs(new - old) * 100 < old)  # type: ignore[operator]


def _verdict_words(row: Row) -> str:
    return f"{row['way']} pays" if row["does_pay"] else "API"


def _count(tokens: int | None) -> str:
    return "never" if tokens is None else f"{tokens:,}"


def _known_usd(amount: Decimal | None) -> str:
    return "unknown" if amount is None else usd_words(amount)
