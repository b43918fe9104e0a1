"""The README counts honestly how many sources were held to a whole real page."""

from pathlib import Path

from pipelines.sources.catalog import SOURCES

README = " ".join((Path(__file__).parents[2] / "README.md").read_text().split())


def counted(found: list[bool]) -> str:
    return f"{sum(found)} of {len(found)}"


def test_the_counts_are_those_of_the_catalog():
    pages = [source.is_proven for source in SOURCES if (source.kind, source.standing) == ("llm_prices", "page")]
    assert f"{counted(pages)} provider price pages" in README
    names = {"feeds": "feeds", "gpu_rates": "GPU rate sources", "lifecycle": "retirement sources"}
    for kind, name in names.items():
        assert f"{counted([source.is_proven for source in SOURCES if source.kind == kind])} {name}" in README
    assert f"{counted([source.is_proven for source in SOURCES])} in all" in README
