"""How every chart of the report looks: its colors, dashes, axes, legend and fonts. What a chart shows is in charts.

Lines and texts take the color of the page, so that one chart fits light, dark and paper. The colors of the marks have
a contrast of three to one on both grounds, and marks that only color tells apart have a name beside them in the tip.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import altair as alt

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
