"""docs/gpu_rate_sources.md lists every source of GPU rates as the catalog has it."""

import re
from pathlib import Path

from pipelines.sources.catalog import SOURCES

DOC = (Path(__file__).parents[2] / "docs" / "gpu_rate_sources.md").read_text()


def test_every_source_is_listed_once_with_its_standing_and_proof():
    listed = re.findall(r"^\| `(\w+)` \| (\w+) \| (yes)? ?\|", DOC, flags=re.MULTILINE)
    catalog = [
        (source.key, source.standing, "yes" if source.is_proven else "")
        for source in SOURCES
        if source.kind in ("gpu_rates", "exchange_rates")
    ]
    assert sorted(listed) == sorted(catalog)


def test_what_is_left_out_is_in_no_address_of_the_catalog():
    """Hosts whose terms or robots.txt forbid it, or whose API needs a key that no source has."""
    forbidden = ("verda.com", "datacrunch.io", "together", "cloud.lambdalabs.com")
    addresses = [url for source in SOURCES if source.kind == "gpu_rates" for url in source.urls]
    assert not [url for url in addresses if any(host in url for host in forbidden)]
