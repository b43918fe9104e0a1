"""The captures that are mutated: pages of the demo, of the tests, and those beside the project where they are there."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipelines.demo import PAGES
from pipelines.sources.catalog import SOURCES, Source, relocated

ROOT = Path(__file__).parents[2]
PAGE_FOLDERS = (ROOT.parent / "shared" / "pages", ROOT / "tests" / "pages")
KINDS = ("llm_prices", "gpu_rates", "feeds")
HOSTILE = ROOT.parent / "shared" / "hostile" / "pages"
SOURCE_OF_NAME = {"azure_openai": "azure_prices", "oci": "oracle_rates", "vultr_vm": "vultr_vm_rates"}
"""Names of captured files that are not the beginning of their source's key."""


@dataclass(frozen=True)
class Capture:
    """One real page of one source."""

    name: str
    source: Source
    body: bytes


def captures() -> Iterator[Capture]:
    """Every capture of a source of prices, each body once per source."""
    seen = set()
    for capture in (*_beside_the_tests(), *_of_the_demo()):
        identity = (capture.source.key, hashlib.sha256(capture.body).hexdigest())
        if identity not in seen:
            seen.add(identity)
            yield capture


def source_of(name: str) -> Source | None:
    """The source that a captured file is of, by the longest part of its name that names one."""
    by_key = {source.key: source for source in SOURCES if source.kind in KINDS}
    words = name.split("_")
    for count in range(len(words), 0, -1):
        stem = "_".join(words[:count])
        for key in (SOURCE_OF_NAME.get(stem), stem, f"{stem}_pricing", f"{stem}_prices", f"{stem}_rates"):
            if key in by_key:
                return by_key[key]
    return None


def _beside_the_tests() -> Iterator[Capture]:
    for folder in PAGE_FOLDERS:
        for kind in KINDS:
            for file in sorted((folder / kind).glob("*.*")):
                source = source_of(file.stem)
                if source is not None and source.kind == kind:
                    yield Capture(f"{folder.parent.name}/{file.name}", source, file.read_bytes())


def _of_the_demo() -> Iterator[Capture]:
    for source in (source for source in SOURCES if source.kind in KINDS):
        for day in sorted(PAGES.iterdir()):
            for url in source.urls:
                file = day / relocated(url, "").lstrip("/")
                if file.is_file():
                    yield Capture(f"demo/{day.name}/{source.key}", source, file.read_bytes())
