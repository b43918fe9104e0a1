"""Alerts about what a source says of a model's end: a date, state, outcome or replacement that is another one now."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import polars as pl

from pipelines.alerts.message import alert, alert_frame, usd_words

MANY_MODELS = 5
"""More models than this, that nobody here uses, are one alert: what a source moves at once is one piece of news."""

Row = dict[str, Any]


def retirement_moved(moves: pl.DataFrame, raised_at: datetime, many_models: int = MANY_MODELS) -> pl.DataFrame:
    """One alert per version of a model's lifecycle in which a date, state, outcome or replacement is another one.

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


def _other_moves(row: Row) -> list[str]:
    """The legacy date, that of the price change, the outcome and the replacements, where a listed model got others."""
    if row["old_state"] is None:
        return []
    facts = {"legacy_on": "legacy from", "price_change_on": "price change on", "outcome": "afterwards"}
    dates = [
        f"{words}: {row[f'old_{fact}'] or 'no date'} -> {row[f'new_{fact}'] or 'no date'}"
        for fact, words in facts.items()
        if row[f"old_{fact}"] != row[f"new_{fact}"]
    ]
    old, new = _replacements(row, "old"), _replacements(row, "new")
    return dates if old == new else [*dates, f"replacement: {_ids_words(old)} -> {_ids_words(new)}"]


def _replacements(row: Row, when: str) -> list[str]:
    """The recommended models in the source's order."""
    return [one.strip() for one in (row[f"{when}_replacements"] or "").split(",") if one.strip()]


def _ids_words(ids: Sequence[str]) -> str:
    return ", ".join(ids) or "none named"


def _is_only_named(row: Row, others: Sequence[str]) -> bool:
    """Whether all that is other is that a replacement is named where none was, which is no bad news."""
    return len(others) == 1 and others[0].startswith("replacement: ") and not _replacements(row, "old")


def _is_moved(row: Row) -> bool:
    is_of_date = _retirement(row, "old") != _retirement(row, "new")
    return is_of_date or row["old_state"] != row["new_state"] or bool(_other_moves(row))


def _retirement(row: Row, when: str) -> str:
    return retirement_words(row[f"{when}_retires_on"], row[f"{when}_precision"])


def _moved_alert(row: Row, raised_at: datetime) -> Row:
    old, new, others = _retirement(row, "old"), _retirement(row, "new"), _other_moves(row)
    is_sooner = new != old and not _is_postponed(row) and row["new_retires_on"] is not None
    is_worse = is_sooner or (bool(others) and not _is_only_named(row, others))
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
            spend_words(row["spend_30d_usd"]),
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


def spend_words(spend_30d_usd: Decimal | None) -> str:
    """What the model cost lately, NULL where that is not known."""
    return "spend of the last 30 days: " + ("unknown" if spend_30d_usd is None else usd_words(spend_30d_usd))
