"""Frames as Vega-Lite charts, by Altair. Pure: no table is read and nothing is drawn here.

Lines and texts take the color of the page, so that one chart fits light, dark and paper. The colors of the marks have
a contrast of three to one on both grounds, and marks that only color tells apart have a name beside them in the tip.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import altair as alt
from dateutil.relativedelta import relativedelta

COLORS = (
    "#2b7bba", "#c8553d", "#2a9171", "#a8741a", "#8a63c9", "#c4527f", "#5f8a1f", "#1c8c9c", "#a05a2c", "#6f7f9f",
    "#7f7f7f",
)  # fmt: skip
DASHES = ([1, 0], [7, 3], [2, 2], [9, 3, 2, 3], [4, 4], [12, 3])
"""So that lines are told apart without their color."""
OTHERS = "#7f7f7f"
LEVELS = {"critical": "#d0393b", "high": "#c8651b", "medium": "#a8811a", "low": "#5f8aa8"}
TEXT = "currentColor"
FONT = "system-ui, sans-serif"
WIDTH = 760
DOLLARS = "$,.2~f"
UTC = alt.Scale(type="utc")
DAYS = alt.Axis(format="%-d %b %y", tickCount=6)
MONEY = alt.Axis(format="$,~f")


def vega_rows(rows: Iterable[Mapping[str, Any]]) -> alt.InlineData:
    """Rows as Vega reads them: it only draws them, money is added up in SQL.

    A day is there twice, to be drawn and, with `_day` behind its name, as the text that a tip shows: Vega would show
    it in the time zone of the reader.
    """

    def plain(name: str, value: Any) -> dict[str, Any]:
        if isinstance(value, Decimal):
            return {name: float(f"{value:.7g}")}
        return {name: value.isoformat(), f"{name}_day": value.isoformat()} if isinstance(value, date) else {name: value}

    return alt.InlineData(values=[dict(pair for one in row.items() for pair in plain(*one).items()) for row in rows])


def finished(chart: alt.Chart | alt.LayerChart | alt.FacetChart, height: int) -> dict[str, Any]:
    """The specification of a chart, with the looks of all of them."""
    dressed = (
        chart.properties(width=WIDTH, height=height, background="transparent")
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=TEXT, titleColor=TEXT, domainColor=TEXT, tickColor=TEXT, gridColor=TEXT, gridOpacity=0.12,
            domainOpacity=0.4, tickOpacity=0.4, labelFontSize=12, titleFontSize=12, titleFontWeight="normal",
            labelLimit=220,
        )
        .configure_legend(
            labelColor=TEXT, titleColor=TEXT, labelFontSize=12, titleFontSize=12, orient="bottom", columns=4,
            labelLimit=190, title=None, symbolType="square",
        )
        .configure_header(labelColor=TEXT, titleColor=TEXT)
        .configure_text(color=TEXT, fontSize=12)
    )  # fmt: skip
    spec: dict[str, Any] = dressed.to_dict(validate=False)
    spec["config"]["font"] = FONT
    return spec


def legend_pick(field: str, name: str) -> alt.Parameter:
    """A series is picked in the legend; the others fade."""
    return alt.selection_point(fields=[field], bind="legend", name=name)


def colors_of(names: Sequence[str]) -> alt.Scale:
    """One color for each name in its order; what stands for the rest is gray."""
    shown = [OTHERS if name == "all others" else COLORS[place % len(COLORS)] for place, name in enumerate(names)]
    return alt.Scale(domain=list(names), range=shown)


def line_legend() -> alt.Legend:
    """A legend of lines, with their dashes."""
    return alt.Legend(symbolType="stroke", symbolSize=420, symbolStrokeWidth=2.5)


def dashes_of(names: Sequence[str]) -> alt.Scale:
    """One kind of line for each name in its order."""
    return alt.Scale(domain=list(names), range=[DASHES[place % len(DASHES)] for place in range(len(names))])


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
