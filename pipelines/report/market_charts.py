"""Prices, rates, retirements and break-even as Vega-Lite charts, by Altair. Pure, as spend_charts."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import altair as alt

from pipelines.report.chart_style import (
    COLORS,
    DAYS,
    DOLLARS,
    LEVELS,
    MONEY,
    TEXT,
    UTC,
    colors_of,
    dashes_of,
    finished,
    legend_pick,
    line_legend,
    vega_rows,
)


def retirement_line(rows: Sequence[Mapping[str, Any]], today: date) -> dict[str, Any]:
    """Models by the day on which they are expected to end; the larger the spend, the larger the mark."""
    ends = alt.X("expected_end_on:T", scale=UTC, title=None, axis=DAYS)
    model = alt.Y("model:N", sort=alt.EncodingSortField("expected_end_on", op="min"), title=None)
    tips = [
        "model:N",
        alt.Tooltip("expected_end_on_day:N", title="ends"),
        alt.Tooltip("days_left:Q", title="days left"),
        alt.Tooltip("spend_30d_usd:Q", title="USD in 30 days", format=DOLLARS),
        alt.Tooltip("replacement:N"),
        alt.Tooltip("monthly_delta_usd:Q", title="USD a month after", format=DOLLARS),
    ]
    base = alt.Chart(vega_rows(rows))
    level = alt.Color("level:N", scale=alt.Scale(domain=list(LEVELS), range=list(LEVELS.values())))
    points = base.mark_point(filled=True, opacity=1, stroke=TEXT, strokeWidth=0.5).encode(
        x=ends, y=model, color=level, tooltip=tips,
        size=alt.Size("spend_30d_usd:Q", scale=alt.Scale(type="sqrt", range=[60, 420]), legend=None),
    )  # fmt: skip
    now = (
        alt.Chart(vega_rows([{"expected_end_on": today, "what": "today"}]))
        .mark_rule(strokeDash=[4, 3], color=TEXT)
        .encode(x=ends, tooltip=["what:N", alt.Tooltip("expected_end_on_day:N", title="day")])
    )
    return finished(now + points, max(80, 28 * len(rows)))


def break_even_curves(rows: Sequence[Mapping[str, Any]], model: str) -> dict[str, Any]:
    """Dollars a month over volume, each way; today's volume is the upright line. The workload is chosen below."""
    models = list(dict.fromkeys(row["api_model"] for row in rows))
    chosen = alt.param("workload", value=model, bind=alt.binding_select(options=models, name="in place of "))
    ways = ["api", "managed", "rented", "dedicated", "owned", "mac"]
    picked = legend_pick("way", "way_picked")
    columns = ("api_model", "way", "tokens_per_month", "usd_per_month", "seller", "gpu", "replicas", "is_own_volume")
    slim = [{name: row[name] for name in columns if row[name] not in {None, False}} for row in rows]
    base = alt.Chart(vega_rows(slim)).transform_filter("datum.api_model == workload")
    volume = alt.X(
        "tokens_per_month:Q", scale=alt.Scale(type="log"), title="tokens a month",
        axis=alt.Axis(format="~s", tickCount=8, labelExpr="replace(datum.label, 'G', 'B')"),
    )  # fmt: skip
    lines = (
        base.mark_line(strokeWidth=2.2, point=alt.OverlayMarkDef(size=16))
        .encode(
            x=volume,
            y=alt.Y(
                "usd_per_month:Q",
                scale=alt.Scale(type="log"),
                title="USD a month",
                axis=alt.Axis(format="$~s", tickCount=6),
            ),
            color=alt.Color(
                "way:N", scale=alt.Scale(domain=ways, range=list(COLORS[: len(ways)])), legend=line_legend()
            ),
            strokeDash=alt.StrokeDash("way:N", scale=dashes_of(ways), legend=line_legend()),
            opacity=alt.condition(picked, alt.value(1), alt.value(0.12)),
            tooltip=[
                "way:N",
                alt.Tooltip("tokens_per_month:Q", title="tokens a month", format=",.0f"),
                alt.Tooltip("usd_per_month:Q", title="USD a month", format=DOLLARS),
                "seller:N",
                "gpu:N",
                "replicas:Q",
            ],
        )
        .add_params(picked)
    )
    own = base.transform_filter("datum.is_own_volume && datum.way == 'api'")
    today = own.mark_rule(strokeDash=[4, 3], color=TEXT).encode(x=volume)
    point = own.mark_point(filled=True, size=110, color=COLORS[0]).encode(x=volume, y="usd_per_month:Q")
    return finished((lines + today + point).add_params(chosen), 300)


def price_steps(rows: Sequence[Mapping[str, Any]], meters: Sequence[str]) -> dict[str, Any]:
    """Prices over time as steps; the meter is chosen below."""
    names = list(dict.fromkeys(row["model"] for row in rows))
    chosen = alt.param("meter_shown", value=meters[0], bind=alt.binding_select(options=list(meters), name="price of "))
    return _steps(
        rows,
        "model",
        names,
        "valid_from",
        "usd_per_unit",
        "USD per million tokens",
        chosen,
        "datum.meter == meter_shown",
    )


def rate_lines(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The cheapest rate of each card over time."""
    names = list(dict.fromkeys(row["gpu"] for row in rows))
    return _steps(rows, "gpu", names, "day", "usd_per_gpu_hour", "USD per GPU and hour", None, None)


def _steps(  # noqa: PLR0913, PLR0917 - what two charts differ in
    rows: Sequence[Mapping[str, Any]], series: str, names: Sequence[str], time: str, value: str, title: str,
    chosen: Any, where: str | None,
) -> dict[str, Any]:  # fmt: skip
    picked = legend_pick(series, f"{series}_step")
    base = alt.Chart(vega_rows(rows))
    base = base.transform_filter(where) if where else base
    source = [alt.Tooltip("source:N")] if "source" in rows[0] else []
    chart = (
        base.mark_line(interpolate="step-after", strokeWidth=2.2, point=alt.OverlayMarkDef(size=22))
        .encode(
            x=alt.X(f"{time}:T", scale=UTC, title=None, axis=DAYS),
            y=alt.Y(f"{value}:Q", title=title, axis=MONEY, scale=alt.Scale(zero=True)),
            color=alt.Color(f"{series}:N", scale=colors_of(names), sort=list(names), legend=line_legend()),
            strokeDash=alt.StrokeDash(f"{series}:N", scale=dashes_of(names), sort=list(names), legend=line_legend()),
            opacity=alt.condition(picked, alt.value(1), alt.value(0.12)),
            tooltip=[
                f"{series}:N",
                alt.Tooltip(f"{time}_day:N", title="from"),
                alt.Tooltip(f"{value}:Q", title="USD", format="$,.4~f"),
                *source,
            ],
        )
        .add_params(picked)
    )
    return finished(chart.add_params(chosen) if chosen is not None else chart, 240)
