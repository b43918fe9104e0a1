"""The one place that knows vl-convert: a chart as SVG, and the scripts that make it live in a browser."""

import gzip
from functools import cache
from pathlib import Path
from typing import Any

import vl_convert

SCRIPTS = Path(__file__).parent / "vega.js.gz"
"""Vega, Vega-Lite and Vega-Embed as vl-convert bundles them, which takes seconds: tools/report_scripts.py made it."""
VEGA_LITE = "6.4"
"""The version that Altair's specifications are of and that SCRIPTS holds; a test holds both to it."""


def svg(spec: dict[str, Any]) -> str:
    """A chart as SVG, for paper and for readers without scripts. Names in it are text, never markup."""
    # Without a label at every mark, which would treble the file: the drawing has one, and a table has the figures.
    quiet = spec | {"config": spec["config"] | {"aria": False}}
    drawn: str = vl_convert.vegalite_to_svg(quiet, vl_version=VEGA_LITE)
    return drawn


@cache
def scripts() -> str:
    """The scripts of a page."""
    return gzip.decompress(SCRIPTS.read_bytes()).decode()
