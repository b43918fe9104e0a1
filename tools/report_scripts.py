"""Bundles Vega, Vega-Lite and Vega-Embed for the page, once: `python -m tools.report_scripts`. vl-convert has them."""

import gzip

import vl_convert

from pipelines.report.draw import SCRIPTS, VEGA_LITE


def main() -> None:
    """Write the bundle where the page takes it from. A script's end within it would end the page's."""
    bundle = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=VEGA_LITE)
    SCRIPTS.write_bytes(gzip.compress(bundle.replace("</script", r"<\/script").encode(), 9, mtime=0))


if __name__ == "__main__":
    main()
