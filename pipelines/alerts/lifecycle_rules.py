"""Alerts about retirements, sources, projection and budget: frames in, alert rows out. Prices: price_rules.py.

Every rule is a pure function that returns a frame in the columns of Alert. A repeated run gives the same
alert_id for the same event; `outbox.unseen` keeps what is not stored yet.
"""

from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import polars as pl

from pipelines.alerts.message import alert, alert_frame, usd_words

THRESHOLD_DAYS = (1, 7, 14, 30, 60, 90)
USED_LATELY = "-14d"
"""A model that nobody has used for so long is no longer used after its end."""
MANY_MODELS = 5
"""More models than this, that nobody here uses, are one alert: what a source moves at once is one piece of news."""

Row = dict[str, Any]


def retirement_moved(moves: pl.DataFrame, raised_at: datetime, many_models: int = MANY_MODELS) -> pl.DataFrame:
    """One alert per version of a model's lifecycle in which a date, precision, state or outcome is another than before.

    `moves` has the columns of LifecycleChange; rows with is_first_snapshot raise nothing. More than `many_models` of
    one source and moment that had no cost in the last 30 days are one alert.
    """
    alerts = []
    unused: dict[tuple[str, datetime], list[Row]] = {}
    for row in moves.filter(~pl.col("is_first_snapshot")).sort("lifecycle_id").iter_rows(named=True):
        if not _is_moved(row):
            continue
        if row["spend_30d_usd"] is None:
            unused.setdefault((row["source"], row["known_from"]), []).append(row)
        else:
            alerts.append(_moved_alert(row, raised_at))
    for rows in unused.values():
        if len(rows) > many_models:
            alerts.append(_many_moved(rows, raised_at))
        else:
            alerts += [_moved_alert(row, raised_at) for row in rows]
    return alert_frame(alerts)


def retirement_near(
    risks: pl.DataFrame, raised_at: datetime, thresholds: Sequence[int] = THRESHOLD_DAYS
) -> pl.DataFrame:
    """One alert per provider, model, retirement date and the smallest threshold of 90/60/30/14/7/1 days reached.

    `thresholds`, in days, are sorted. `risks` has the columns of DeprecationRisk.
    Only printed dates of models used in the last 30 days count.
    """
    near = risks.filter(
        pl.col("days_left").is_between(0, thresholds[-1]),
        pl.col("days_basis").is_in(["firm", "floor"]),
        pl.col("last_used_on") >= pl.col("as_of").dt.offset_by("-30d"),
    )
    alerts = []
    for row in _per_model(near).iter_rows(named=True):
        threshold = next(days for days in thresholds if row["days_left"] <= days)
        gone = ("not before " if row["days_basis"] == "floor" else "") + str(row["retires_on"])
        title = f"retires {gone}, days left: {row['days_left']}; replacement: {row['replacement'] or 'none named'}"
        delta = row["monthly_delta_usd"]
        alerts.append(
            alert(
                "retirement_near",
                [*_whose(row), row["retires_on"], threshold],
                "critical" if threshold <= 7 else "warning" if threshold <= 30 else "info",
                f"{named(row)}: {title}",
                [
                    _spend_words(row["spend_30d_usd"]),
                    "cost of the move: "
                    + ("unknown" if delta is None else f"{usd_words(delta, signed=True)} a month on your usage"),
                ],
                subject=_whose(row),
                usd_per_month_effect=delta,
                **_risk_facts(row, raised_at),
            )
        )
    return alert_frame(alerts)


def used_after_retirement(risks: pl.DataFrame, raised_at: datetime) -> pl.DataFrame:
    """One critical alert per provider, model and month in which usage is logged although the model is gone.

    `risks` has the columns of DeprecationRisk; is_used_after_retirement decides. It ends two weeks after the last use.
    """
    alerts = []
    is_late = pl.col("last_used_on") >= pl.col("as_of").dt.offset_by(USED_LATELY)
    for row in _per_model(risks.filter(pl.col("is_used_after_retirement") & is_late)).iter_rows(named=True):
        used_on = row["last_used_on"]
        alerts.append(
            alert(
                "used_after_retirement",
                [*_whose(row), f"{used_on:%Y-%m}"],
                "critical",
                f"{named(row)}: used on {used_on}, though retired {row['expected_end_on']}",
                [
                    "requests may be answered, and billed, by another model",
                    _spend_words(row["spend_30d_usd"]),
                    f"replacement: {row['replacement'] or 'none named'}",
                ],
                subject=_whose(row),
                **_risk_facts(row, raised_at),
            )
        )
    return alert_frame(alerts)


def retirement_words(retires_on: date | None, precision: str | None) -> str:
    """The date as exact as the source gave it: "2026-10-01", "in 2026-10", "not before 2026-10-01", "no date"."""
    if retires_on is None:
        return "no date"
    return {"month": f"in {retires_on:%Y-%m}", "floor": f"not before {retires_on}"}.get(
        precision or "", str(retires_on)
    )


def named(row: Row) -> str:
    """Whose end it is: "openai gpt-4o", and where that is not the whole: "(on azure, version 2, for eastus)".

    A version that the model id holds already is not said again.
    """
    parts = [
        *([f"on {row['channel']}"] if row["channel"] != "api" else []),
        *([f"version {row['version']}"] if row["version"] and row["version"] not in row["model"] else []),
        *([f"for {_scope_words(row['scope'])}"] if row["scope"] != "all" else []),
    ]
    return f"{row['provider']} {row['model']}" + (f" ({', '.join(parts)})" if parts else "")


def _scope_words(scope: str) -> str:
    """The scope as printed; of a long list of regions the first and how many more."""
    first, *more = scope.split(",")
    return scope if len(more) < 3 else f"{first} and {len(more)} more"


def _whose(row: Row) -> list[Any]:
    """What makes an alert another one: the parts of `named`, as far as they are not the whole."""
    parts = [row["channel"] if row["channel"] != "api" else "", row["version"], row["scope"]]
    return [row["provider"], row["model"], *(parts if any(parts[:2]) or parts[2] != "all" else [])]


def _other_moves(row: Row) -> list[str]:
    """The legacy date, the date of the price change and the outcome, where a listed model got others than before."""
    if row["old_state"] is None:
        return []
    facts = {"legacy_on": "legacy from", "price_change_on": "price change on", "outcome": "afterwards"}
    return [
        f"{words}: {row[f'old_{fact}'] or 'no date'} -> {row[f'new_{fact}'] or 'no date'}"
        for fact, words in facts.items()
        if row[f"old_{fact}"] != row[f"new_{fact}"]
    ]


def _per_model(risks: pl.DataFrame) -> pl.DataFrame:
    """Owners of the same model together; a sum with an unknown part is unknown."""
    amounts = [
        pl.when(pl.col(name).is_null().any()).then(None).otherwise(pl.col(name).sum()).alias(name)
        for name in ("spend_30d_usd", "monthly_delta_usd")
    ]
    facts = pl.col("days_left", "days_basis", "expected_end_on", "replacement", "lifecycle_id").first()
    keys = ["as_of", "provider", "channel", "model", "version", "scope", "retires_on"]
    by_model = risks.sort(*keys, "lifecycle_id", "replacement").group_by(keys, maintain_order=True)
    return by_model.agg(facts, *amounts, pl.col("last_used_on").max())


def _risk_facts(row: Row, raised_at: datetime) -> Row:
    return {
        "alert_on": row["as_of"],
        "raised_at": raised_at,
        "provider": row["provider"],
        "model": row["model"],
        "new_value": str(row["retires_on"] or row["expected_end_on"]),
        "since": datetime.combine(row["expected_end_on"], time()),
        "evidence_id": row["lifecycle_id"],
    }


def _is_moved(row: Row) -> bool:
    is_of_date = _retirement(row, "old") != _retirement(row, "new")
    return is_of_date or row["old_state"] != row["new_state"] or bool(_other_moves(row))


def _retirement(row: Row, when: str) -> str:
    return retirement_words(row[f"{when}_retires_on"], row[f"{when}_precision"])


def _moved_alert(row: Row, raised_at: datetime) -> Row:
    old, new, others = _retirement(row, "old"), _retirement(row, "new"), _other_moves(row)
    is_worse = (new != old and not _is_postponed(row) and row["new_retires_on"] is not None) or bool(others)
    is_used = bool(row["spend_30d_usd"])
    return alert(
        "retirement_moved",
        [row["lifecycle_id"]],
        "warning" if is_used and (is_worse or row["new_state"] == "retired") else "info",
        f"{named(row)}: {_moved_words(row, old, new, others)}",
        [
            f"state: {row['old_state'] or 'not listed'} -> {row['new_state']}",
            f"retirement: {old} -> {new}",
            *others,
            _spend_words(row["spend_30d_usd"]),
            f"source: {row['url'] or row['source']}",
        ],
        alert_on=row["known_from"].date(),
        raised_at=raised_at,
        old_value=old,
        new_value=new,
        since=row["known_from"],
        provider=row["provider"],
        model=row["model"],
        source=row["source"],
        link=row["url"],
        evidence_id=row["lifecycle_id"],
    )


def _many_moved(rows: Sequence[Row], raised_at: datetime) -> Row:
    lead = rows[0]
    return alert(
        "retirement_moved",
        [lead["source"], lead["known_from"]],
        "info",
        f"{lead['source']}: retirements of {len(rows)} models moved; none of them with cost here",
        [
            f"{named(row)}: {_moved_words(row, _retirement(row, 'old'), _retirement(row, 'new'), _other_moves(row))}"
            for row in rows
        ],
        alert_on=lead["known_from"].date(),
        raised_at=raised_at,
        since=lead["known_from"],
        source=lead["source"],
        link=lead["url"],
        evidence_id=lead["lifecycle_id"],
    )


def _is_postponed(row: Row) -> bool:
    old, new = row["old_retires_on"], row["new_retires_on"]
    return old is not None and new is not None and new > old


def _moved_words(row: Row, old: str, new: str, others: list[str]) -> str:
    if old == new and row["old_state"] == row["new_state"]:
        return "; ".join(others)
    if old == new:
        return f"now {row['new_state']}, was {row['old_state'] or 'not listed'}; retirement {new}"
    if row["old_retires_on"] is None:
        return f"retirement announced: {new}"
    if row["new_retires_on"] is None:
        return f"retirement date withdrawn, was {old}"
    days = (row["new_retires_on"] - row["old_retires_on"]).days
    return f"retirement moved from {old} to {new} ({days:+d} days)"


def _spend_words(spend_30d_usd: Decimal | None) -> str:
    return "spend of the last 30 days: " + ("unknown" if spend_30d_usd is None else usd_words(spend_30d_usd))
