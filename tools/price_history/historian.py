"""What is known while evidence is folded: one piece of it, and what is believed, said and announced so far.

What a new piece changes is decided in `fold_evidence.py`.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

import polars as pl

from pipelines.schema.time_windows import ALWAYS
from pipelines.snapshots.segments import Key
from tools.price_history.evidence_rules import Belief, Row, Statement
from tools.price_history.sightings import Sightings

AGGREGATOR_RANK = 3
BASE = {"meter": "input_uncached", "service_tier": "standard", "context_from": 0, "time_window": ALWAYS}


@dataclass(frozen=True)
class Evidence:
    """What one series of files said at one moment. Files of one series are comparable with each other."""

    series: str
    seen_at: datetime
    rank: int
    fetch_id: str
    rows: pl.DataFrame
    """TokenPriceObservation."""
    is_whole: bool = True
    """Whether a model that is missing was missing from the file, and a range of prompts that is missing too."""
    tells_ends: bool = False
    """Whether a price is no longer sold that it printed before and now lacks, of a model that it still prints."""


class CalledOff(NamedTuple):
    """An announced price that a provider took back, and what it was to follow on."""

    key: Key
    before: Decimal
    row: Row
    fetch_id: str


@dataclass
class Historian:
    """What is believed after some evidence, and what it rests on."""

    beliefs: dict[Key, Belief] = field(default_factory=dict)
    said: dict[str, dict[Key, Statement]] = field(default_factory=lambda: defaultdict(dict))
    last_seen: dict[str, datetime] = field(default_factory=dict)
    last_list: datetime | None = None
    """When an aggregator's file was last read, which lists what all providers sell."""
    windows: dict[Key, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Hours with a price of their own, by the key of the price at any hour."""
    cancelled: dict[Key, list[Statement]] = field(default_factory=lambda: defaultdict(list))
    """Announced prices that will not come."""
    sightings: Sightings = field(default_factory=lambda: defaultdict(list))
    """All that was printed, believed or not."""
    promises: Sightings = field(default_factory=lambda: defaultdict(list))
    """All that was announced, by the day from which it was to hold."""
    called_off: list[CalledOff] = field(default_factory=list)
    """Announced prices that a provider took back."""
    printed: dict[str, dict[Key, Row]] = field(default_factory=lambda: defaultdict(dict))
    """What pages have printed so far, by series."""
    ends: dict[Key, datetime] = field(default_factory=dict)
    """Since when a page prints a model without this price."""
