"""Our price of everything that a feed prices, through the real pricing path, beside the feed's; and why they differ.

Why is data: price_agreement_causes.csv. A difference that no cause names exactly is unexplained.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

import polars as pl

from pipelines.costs.resolve_segments import segments_of
from pipelines.models.model_map import read_model_map
from pipelines.schema.offers import MODEL_KEY
from pipelines.snapshots.seed_history import shipped_evidence
from pipelines.snapshots.shipped_prices import shipped_versions
from pipelines.sources.catalog import SOURCES_BY_KEY
from tests.captures.price_sources_doc import recorded_days

FEEDS = Path(__file__).parents[2].parent / "shared" / "feeds"
CAUSES_FILE = Path(__file__).with_name("price_agreement_causes.csv")
AT = datetime(2026, 11, 24)
PRICE_KEY = (*MODEL_KEY, "service_tier", "meter", "context_from", "time_window")
FIRST_PARTY = ("openai", "anthropic", "google", "mistral", "cohere", "deepseek", "xai", "perplexity")
UNEXPLAINED = "unexplained"
GITHUB = "https://github.com/"
LITELLM_AND_COPIES = tuple(f"{GITHUB}{name}/" for name in ("BerriAI", "AgentOps-AI", "Microllin"))
"""tokencost copies LiteLLM's map, model-price-hub takes much of it."""
MODELS_DEV = "https://models.dev"


@dataclass(frozen=True)
class Feed:
    """One file that is compared; `origins` begin the addresses of evidence that is the same feed or copies it."""

    key: str
    day: str
    files: tuple[Path, ...]
    origins: tuple[str, ...]


def feeds() -> list[Feed]:
    """The newest file of each feed, models.dev only where one is kept."""
    days = recorded_days()
    newest_models_dev = sorted((FEEDS / "models-dev").glob("*.json"))[-1:]
    genai_prices = "genai-prices/data_v2.json"
    return [
        Feed("litellm", "2026-11-17", (FEEDS / "litellm" / "2026-11-17.json",), LITELLM_AND_COPIES),
        Feed("genai_prices", days[f"feeds/{genai_prices}"], (FEEDS / genai_prices,), (f"{GITHUB}pydantic/",)),
        Feed("models_dev", "".join(file.stem for file in newest_models_dev), tuple(newest_models_dev), (MODELS_DEV,)),
    ]


@cache
def compared(feed: Feed) -> pl.DataFrame:
    """Every price of a feed in force at AT beside ours, `ours` NULL where we have none.

    Columns: PRICE_KEY, usd_per_unit (theirs), ours, is_equal, is_own (ours rests on the same feed).
    """
    theirs = pl.concat(SOURCES_BY_KEY[feed.key].parse(file.read_bytes()).rows for file in feed.files)
    is_begun = pl.col("effective_from").is_null() | (pl.col("effective_from") <= AT)
    theirs = theirs.filter(is_begun).sort("effective_from").unique(PRICE_KEY, keep="last", maintain_order=True)
    return theirs.join(_ours(theirs), on=PRICE_KEY, how="left").with_columns(
        is_equal=pl.col("usd_per_unit") == pl.col("ours"),
        is_own=pl.any_horizontal(pl.col("url").str.starts_with(origin) for origin in feed.origins),
    )


def _ours(models: pl.DataFrame) -> pl.DataFrame:
    """Our prices at AT of the models: PRICE_KEY, ours, url of the evidence."""
    versions = shipped_versions().filter(pl.col("known_to").is_null())
    nothing_mapped = read_model_map(Path("no such file"))
    segments = segments_of(versions, models.select(MODEL_KEY).unique(), nothing_mapped)
    in_force = segments.filter(
        pl.col("valid_from") <= AT, pl.col("valid_to").is_null() | (pl.col("valid_to") > AT)
    ).select(*PRICE_KEY, "price_id", ours="usd_per_unit")
    evidence = versions.select("price_id", "fetch_id").join(shipped_evidence().select("fetch_id", "url"), on="fetch_id")
    return in_force.join(evidence, on="price_id", how="left").drop("price_id", "fetch_id")


def differences(rows: pl.DataFrame) -> pl.DataFrame:
    """Prices of channel 'api' of the first-party providers that differ, in a fixed order."""
    is_ours = (pl.col("channel") == "api") & pl.col("provider").is_in(FIRST_PARTY)
    return rows.filter(is_ours, ~pl.col("is_equal")).sort(PRICE_KEY)


@dataclass(frozen=True)
class Cause:
    """Why prices differ. `models`, `meters` and `ours` are exact; no meter stands for any."""

    feed: str
    provider: str
    models: frozenset[str]
    meters: frozenset[str]
    ours: frozenset[str]
    kind: str
    explanation: str

    def explains(self, feed: str, row: dict[str, object]) -> bool:
        """Whether a difference is of this cause: our amount too, so that a new one asks for a new look."""
        amount = f"{row['ours']:f}".rstrip("0").rstrip(".")
        return (
            (feed, row["provider"]) == (self.feed, self.provider)
            and row["model"] in self.models
            and (not self.meters or row["meter"] in self.meters)
            and amount in self.ours
        )


def causes() -> list[Cause]:
    """The causes in the order of their file; the first that fits counts."""
    with CAUSES_FILE.open(newline="") as file:
        return [
            Cause(
                row["feed"],
                row["provider"],
                *(frozenset(row[name].split()) for name in ("models", "meters", "ours")),
                row["kind"],
                row["explanation"],
            )
            for row in csv.DictReader(file)
        ]


def explained(feed: Feed) -> Iterator[tuple[Cause | None, dict[str, object]]]:
    """Each difference with its cause, or None."""
    known = causes()
    for row in differences(compared(feed)).iter_rows(named=True):
        yield next((cause for cause in known if cause.explains(feed.key, row)), None), row
