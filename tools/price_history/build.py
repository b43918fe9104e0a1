"""Build token_price.parquet and token_price_evidence.csv again: `python -m tools.price_history.build RECORDINGS`.

RECORDINGS is a folder with the files that recordings.csv names: public price files and saved pages of their dates.
Each is read by the parser of its source, so a better parser gives a better history.
"""

import csv
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

import polars as pl
import typer
from rich.progress import track

from pipelines.schema.columns import polars_schema
from pipelines.schema.raw import Fetch
from pipelines.schema.token_prices import TokenPrice, TokenPriceObservation
from pipelines.sources.catalog import SOURCES_BY_KEY
from pipelines.sources.feeds import litellm
from pipelines.sources.parsed import ParseError
from pipelines.sources.source import PRICE_HISTORY, RANKS
from tools.price_history.fold_evidence import price_history
from tools.price_history.historian import Evidence

FOLDER = Path(__file__).parent
SHIPPED = FOLDER.parents[1] / "pipelines" / "snapshots" / "shipped"
ANNOUNCEMENT_RANK = 0
PER_TOKEN = Decimal(1_000_000)
MAX_PRINTED = 300

Row = dict[str, str]


def build(
    recordings: Annotated[Path, typer.Argument(help="Folder with the recorded files.", file_okay=False, exists=True)],
    target: Annotated[Path, typer.Option(help="Where to write; default: where the program reads it.")] = SHIPPED,
) -> None:
    """Read every recording and announcement, and write token_price.parquet and token_price_evidence.csv."""
    evidence: list[Evidence] = []
    fetches: list[dict[str, Any]] = []
    listed = list(_rows("recordings.csv"))
    for row in track(listed, description="reading recordings"):
        file = recordings / row["path"]
        found = _moves(file, row) if row["source"] == "litellm_moves" else [_recorded(file, row)]
        evidence += found
        fetches += [_fetch(item, row["url"], file.read_bytes()) for item in found]
    for said, url in announcements():
        evidence.append(said)
        fetches.append(_fetch(said, url, None))
    versions = price_history(evidence)
    TokenPrice.validate(versions).write_parquet(
        target / "token_price.parquet", compression="zstd", compression_level=19
    )
    used = pl.DataFrame(fetches, schema=polars_schema(Fetch)).unique("fetch_id").sort("fetched_at", "fetch_id")
    used.filter(pl.col("fetch_id").is_in(versions["fetch_id"].unique().to_list())).write_csv(
        target / "token_price_evidence.csv"
    )
    typer.echo(f"{versions.height} versions from {len(evidence)} pieces of evidence")


def _rows(name: str) -> Iterator[Row]:
    with (FOLDER / name).open(newline="") as file:
        yield from csv.DictReader(file)


def _recorded(file: Path, row: Row) -> Evidence:
    """One file, read by the parser of its source."""
    source = SOURCES_BY_KEY[row["source"]]
    parsed = source.parse(file.read_bytes())
    good, _ = TokenPriceObservation.filter(parsed.rows, cast=True)
    seen_at = datetime.fromisoformat(row["seen_on"])
    is_part = "excerpt" in row["path"] or "reduced" in row["path"]
    is_all = not is_part and parsed.rejects.is_empty() and good.height == parsed.rows.height
    return Evidence(
        row["series"],
        seen_at,
        RANKS[source.standing],
        _identity(row["series"], row["seen_on"]),
        good,
        tells_ends=source.standing == "page"
        and is_all
        and "excerpt" not in row["path"]
        and "reduced" not in row["path"],
    )


def _moves(file: Path, row: Row) -> list[Evidence]:
    """A table of moves that were seen between files of LiteLLM's map: a price before, and one after."""
    maps: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    with file.open(newline="") as text:
        for move in csv.DictReader(text):
            sides = ((move["prev_seen_date"], "old_usd_per_mtok"), (move["seen_date"], "new_usd_per_mtok"))
            for day, side in sides:
                usd = Decimal(move[side])
                if usd:  # 0 stands for unknown
                    entry = maps[day].setdefault(move["model"], {"litellm_provider": move["litellm_provider"]})
                    entry[move["field"]] = float(usd / PER_TOKEN)
    evidence = []
    for day, entries in sorted(maps.items()):
        try:
            parsed = litellm.parse(json.dumps(entries).encode())
        except ParseError as error:
            typer.echo(f"moves of {day} left out: {error}")
            continue
        good, _ = TokenPriceObservation.filter(parsed.rows, cast=True)
        identity = _identity(row["series"], f"moves {day}")
        evidence.append(
            Evidence(row["series"], datetime.fromisoformat(day), RANKS["aggregator"], identity, good, is_whole=False)
        )
    return evidence


def announcements() -> Iterator[tuple[Evidence, str]]:
    """What providers said on a date, collected by hand in announcements.csv, with the address of each."""
    rows = sorted(_rows("announcements.csv"), key=lambda row: (row["known_from"], row["url"]))
    for (known_from, url), stated in groupby(rows, key=lambda row: (row["known_from"], row["url"])):
        frame = pl.DataFrame([_observation(row) for row in stated], schema=polars_schema(TokenPriceObservation))
        identity = _identity("announcements", f"{known_from} {url}")
        good = TokenPriceObservation.validate(frame)
        seen_at = datetime.fromisoformat(known_from)
        yield Evidence("announcements", seen_at, ANNOUNCEMENT_RANK, identity, good, is_whole=False), url


def _observation(row: Row) -> dict[str, Any]:
    return {
        **{name: row[name] for name in ("provider", "channel", "region", "model", "meter", "service_tier", "unit")},
        "context_from": int(row["context_from"] or 0),
        "context_to": int(row["context_to"]) if row["context_to"] else None,
        "time_window": row["time_window"] or "always",
        "usd_per_unit": Decimal(row["usd_per_unit"]),
        "currency": "USD",
        "printed": row["printed"][:MAX_PRINTED],
        "basis": "printed",
        "effective_from": datetime.fromisoformat(row["effective_from"]) if row["effective_from"] else None,
    }


def _identity(series: str, moment: str) -> str:
    return hashlib.sha256(f"{PRICE_HISTORY}\x1f{series}\x1f{moment}".encode()).hexdigest()[:20]


def _fetch(item: Evidence, url: str, body: bytes | None) -> dict[str, Any]:
    """The evidence as a row of raw.fetch, without a body in the archive."""
    return {
        "fetch_id": item.fetch_id,
        "source": PRICE_HISTORY,
        "url": url,
        "fetched_at": item.seen_at,
        "origin": "shipped",
        "outcome": "new",
        "sha256": hashlib.sha256(body).hexdigest() if body is not None else None,
        "size_bytes": len(body) if body is not None else None,
    }


if __name__ == "__main__":
    typer.run(build)
