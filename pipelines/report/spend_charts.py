"""What was and will be spent as Vega-Lite charts, by Altair. Pure: no table is read and nothing is drawn here."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import altair as alt
from dateutil.relativedelta import relativedelta

from pipelines.report.chart_style import (
    COLORS,
    DASHES,
    DOLLARS,
    LEVELS,
    MONEY,
    OTHERS,
    TEXT,
    UTC,
    colors_of,
    finished,
    legend_pick,
    vega_rows,
)


def stacked_spend(rows: Sequence[Mapping[str, Any]], bucket: str) -> dict[str, Any]:
    """Bars of dollars by day, week or month, by model."""
    names = list(dict.fromkeys(row["model"] for row in sorted(rows, key=lambda row: row["place"])))
    picked = legend_pick("model", "model_picked")
    step = {"day": relativedelta(days=1), "week": relativedelta(weeks=1), "month": relativedelta(months=1)}[bucket]
    chart = (
        alt.Chart(vega_rows({**row, "ends_on": row["starts_on"] + step} for row in rows))
        .mark_bar(orient="vertical", stroke=None)
        .encode(
            x=alt.X(
                "starts_on:T",
                scale=UTC,
                title=None,
                axis=alt.Axis(format="%-d %b %y", tickCount=8, grid=False),
            ),
            x2="ends_on:T",
            y=alt.Y("usd:Q", stack="zero", title=f"USD a {bucket}", axis=MONEY),
            color=alt.Color("model:N", scale=colors_of(names), sort=names),
            order=alt.Order("place:Q"),
            opacity=alt.condition(picked, alt.value(1), alt.value(0.15)),
            tooltip=[
                alt.Tooltip("starts_on_day:N", title=f"{bucket} from"),
                "model:N",
                alt.Tooltip("usd:Q", title="USD", format=DOLLARS),
            ],
        )
        .add_params(picked)
    )
    return finished(chart, 260)


def owner_bars(rows: Sequence[Mapping[str, Any]], kinds: Sequence[str], kind: str, places: int) -> dict[str, Any]:
    """Bars of dollars by owner, now and before; the kind of owner is chosen below the chart."""
    chosen = alt.param("owner_kind", value=kind, bind=alt.binding_select(options=list(kinds), name="by "))
    base = (
        alt.Chart(vega_rows(rows))
        .transform_filter("datum.kind == owner_kind")
        .transform_filter(f"datum.place <= {places}")
    )
    owner = alt.Y("owner:N", sort=alt.EncodingSortField("place", op="min"), title=None)
    tips = [
        "owner:N",
        alt.Tooltip("usd:Q", title="USD", format=DOLLARS),
        alt.Tooltip("usd_before:Q", title="USD before", format=DOLLARS),
    ]
    now = base.mark_bar(color=COLORS[0]).encode(
        x=alt.X("usd:Q", title="USD; the tick is the period before", axis=alt.Axis(format="$,~f", tickCount=7)),
        y=owner,
        tooltip=tips,
    )
    before = base.mark_tick(color=TEXT, thickness=2, size=16).encode(x="usd_before:Q", y=owner, tooltip=tips)
    shown = max(sum(1 for row in rows if row["kind"] == one and row["place"] <= places) for one in kinds)
    return finished((now + before).add_params(chosen), max(60, 26 * shown))


def cumulative_spend(
    rows: Sequence[Mapping[str, Any]], forecast: Mapping[str, Any] | None, budget: Decimal | None
) -> dict[str, Any]:
    """Dollars of a month day by day beside the last one's, the forecast of its end with its bands, and the budget."""
    months = sorted({row["month"] for row in rows})
    names = {month: "this month" if month == months[-1] else "last month" for month in months}
    lines = [{**row, "line": names[row["month"]]} for row in rows]
    day = alt.X(
        "day_of_month:Q",
        title="day of the month",
        axis=alt.Axis(grid=False, tickCount=10),
        scale=alt.Scale(domain=[1, 31], nice=False),
    )
    dollars = alt.Y("usd_to_date:Q", title="USD since the first", axis=MONEY)
    layers: list[Any] = [
        alt.Chart(vega_rows(lines))
        .mark_line(strokeWidth=2.5, point=alt.OverlayMarkDef(size=14))
        .encode(
            x=day,
            y=dollars,
            color=alt.Color("line:N", scale=alt.Scale(domain=["this month", "last month"], range=[COLORS[0], OTHERS])),
            strokeDash=alt.StrokeDash(
                "line:N", scale=alt.Scale(domain=["this month", "last month"], range=list(DASHES[:2]))
            ),
            tooltip=[
                "line:N",
                alt.Tooltip("day_of_month:Q", title="day"),
                alt.Tooltip("usd_to_date:Q", title="USD", format=DOLLARS),
            ],
        )
    ]
    if forecast:
        layers += _month_end_marks(forecast)
    if budget is not None:
        line = alt.Chart(vega_rows([{"usd_to_date": budget, "what": "budget"}]))
        layers += [
            line.mark_rule(color=LEVELS["critical"], strokeDash=[6, 3], strokeWidth=2).encode(
                y="usd_to_date:Q", tooltip=["what:N", alt.Tooltip("usd_to_date:Q", title="USD", format=DOLLARS)]
            ),
            line.mark_text(align="left", dx=4, dy=-6, text="budget").encode(x=alt.value(0), y="usd_to_date:Q"),
        ]
    return finished(alt.layer(*layers), 240)


def _month_end_marks(forecast: Mapping[str, Any]) -> list[Any]:
    """The projection at the month's last day: bands of 95, 80 and 50 %, thinner the wider, and the figure itself."""
    last = forecast["last_on"].day
    row = {**{name: forecast[name] for name in forecast if name.endswith("_usd")}, "day_of_month": last}
    data = alt.Chart(vega_rows([row]))
    tips = [
        alt.Tooltip("projected_usd:Q", title="projected USD", format=DOLLARS),
        alt.Tooltip("low_usd:Q", title="80 % from", format=DOLLARS),
        alt.Tooltip("high_usd:Q", title="80 % to", format=DOLLARS),
    ]
    bands = [
        data.mark_rule(strokeWidth=width, opacity=opacity, color=COLORS[0]).encode(
            x="day_of_month:Q", y=f"{low}:Q", y2=high, tooltip=tips
        )
        for low, high, width, opacity in (
            ("low_95_usd", "high_95_usd", 2, 0.9),
            ("low_usd", "high_usd", 7, 0.5),
            ("low_50_usd", "high_50_usd", 14, 0.4),
        )
        if row[low] is not None
    ]  # fmt: skip
    point = data.mark_point(filled=True, size=90, color=COLORS[0]).encode(
        x="day_of_month:Q", y="projected_usd:Q", tooltip=tips
    )
    return [*bands, point]
