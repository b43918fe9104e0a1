"""docs/price_sources.md: what each source of prices says, read by its parser from its newest capture or test page.

`python -m tests.captures.price_sources_doc` writes it again.
"""

import csv
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipelines.schema.time_windows import ALWAYS
from pipelines.sources.feeds.sources import FEEDS
from pipelines.sources.llm_prices.sources import LLM_PRICES
from pipelines.sources.parsed import Parsed, ParseError
from pipelines.sources.source import Source

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared"
DOC = ROOT / "docs" / "price_sources.md"
COMMAND = "python -m tests.captures.price_sources_doc"
FIDELITIES = ("excerpt", "reduced", "tables", "transcribed")
TEST_PAGE = "test page"

_DATE = re.compile(r"20\d\d-\d\d(?:-\d\d)?")
_HEAD = """# Sources of token prices

What each source says, as its parser read it from the newest capture that is kept, or from the small page of the tests
where no capture is. Written by `{command}`; a test fails while it is out of date.

- *read from*: date of the capture, with a word where it is not the whole page as published; `test page`: structure from
  the documentation or public scrapers, real figures, few models.
- *proven*: the parser was held to a whole real answer; the others are experimental: they warn and never fail a run,
  and `source_health` calls them proven after their first accepted live run.
- *derived*: rows by a rule that the source states (batch at half, regional surcharge); *announced*: rows with a start
  that the source states.
- *tiers*, *meters*, *channels*, *regions*: what the rows hold; a region `global` alone is not named."""


@dataclass(frozen=True)
class Capture:
    """What a source was read from."""

    label: str
    parsed: Parsed


def document() -> str:
    """The whole document."""
    tables = (("Providers' own pages and price APIs", LLM_PRICES), ("Feeds", FEEDS))
    parts = [_HEAD.format(command=COMMAND)]
    for title, sources in tables:
        lines = [_row(source, captured(source)) for source in sources]
        proven = sum(source.is_proven for source in sources)
        parts.append(f"## {title}\n\n{proven} of {len(sources)} are proven.\n\n{table(lines)}")
    return "\n\n".join(parts) + "\n"


def table(rows: Sequence[Mapping[str, object]]) -> str:
    """Rows with the same columns as a Markdown table."""
    cells = [[*rows[0]], ["---"] * len(rows[0]), *(row.values() for row in rows)]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in cells)


def captured(source: Source) -> Capture:
    """The newest capture that the source's parser reads, else its page of the tests."""
    for label, files in _places(source):
        try:
            return Capture(label, _parsed(source, files))
        except ParseError:
            continue
    raise LookupError(f"{source.key}: neither a capture nor a page of the tests can be read")


def _places(source: Source) -> Iterator[tuple[str, list[Path]]]:
    """What may be read of a source, best first. Files are named after the source or after its parser."""
    recorded = recorded_days()
    for stem in dict.fromkeys((re.sub("_(pricing|prices|models)$", "", source.key), source.key, _module(source))):
        folder = SHARED / "feeds" / stem.replace("_", "-")
        dated = sorted(folder.glob("20*.json")) + sorted(folder.glob("data*.json"))
        pages = sorted((SHARED / "pages" / "llm_prices").glob(f"{stem}_20*"))
        for path in reversed([*dated, *pages]):
            yield _label(path, recorded.get(str(path.relative_to(SHARED)))), [path]
        if source.kind == "feeds" and folder.is_dir() and not dated:
            yield "one file per vendor, undated", sorted(folder.glob("*.json"))
        for path in sorted((ROOT / "tests" / "pages" / source.kind).glob(f"{stem}.*"), key=_by_accept(source)):
            yield TEST_PAGE, [path]


def _by_accept(source: Source) -> Callable[[Path], bool]:
    """The form that is asked for first."""
    first = {"application/json": ".json", "text/markdown": ".md"}.get(source.accept.split(",")[0], ".html")
    return lambda path: path.suffix != first


def _module(source: Source) -> str:
    return source.parse.module.rpartition(".")[2]


def recorded_days() -> dict[str, str]:
    """The date of each file that the shipped history is built from, by its path below the recordings."""
    with (ROOT / "tools" / "price_history" / "recordings.csv").open(newline="") as file:
        return {row["path"]: row["seen_on"] for row in csv.DictReader(file)}


def _label(path: Path, seen_on: str | None) -> str:
    named = _DATE.search(path.name)
    day = named[0] if named else seen_on or "undated"
    return " ".join([day, *(f"({word})" for word in FIDELITIES if word in path.stem)])


def _parsed(source: Source, files: list[Path]) -> Parsed:
    parts = [source.parse(file.read_bytes()) for file in files]
    return Parsed(pl.concat(part.rows for part in parts), pl.concat(part.rejects for part in parts))


def _row(source: Source, capture: Capture) -> dict[str, object]:
    """One line of the table."""
    rows = capture.parsed.rows
    regions = set(rows["region"]) - {"global"}
    return {
        "source": f"`{source.key}`",
        "read from": capture.label,
        "proven": _yes(source.is_proven),
        "rows": rows.height,
        "refused": capture.parsed.rejects.height,
        "providers": _some(rows["provider"]),
        "models": rows["model"].n_unique(),
        "meters": _some(rows["meter"], 13),
        "tiers": _some(rows["service_tier"], 5),
        "channels": _some(rows["channel"], 5),
        "context tiers": _yes((rows["context_from"] > 0).any()),
        "hours": _yes((rows["time_window"] != ALWAYS).any()),
        "regions": _some(pl.Series(sorted(regions), dtype=pl.String)) if regions else "",
        "derived": rows.filter(basis="derived").height,
        "announced": rows["effective_from"].is_not_null().sum(),
    }


def _some(values: pl.Series, limit: int = 4) -> str:
    """The values, or how many there are."""
    found = sorted(values.unique())
    return ", ".join(found) if len(found) <= limit else f"{len(found)}"


def _yes(value: object) -> str:
    return "yes" if value else ""


if __name__ == "__main__":
    DOC.write_text(document())
