"""What `costs what-if` is asked: which usage, where it would be bought, at which day's prices and lengths."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from pipelines.costs.reprice import EQUAL, Factors, Target
from pipelines.schema.offers import OFFER

SLICES = (*OFFER, "account_id", "project_id", "api_key_id", "user_id", "feature")
"""Columns that usage may be picked by."""


@dataclass(frozen=True)
class WhatIfQuestion:
    """Usage of `first` <= day < `until` where columns of SLICES have these values, at the prices of `day`.

    `model`: id as logged, or without its date. `target`: None asks for the alternatives of the user's task classes.
    """

    day: date
    first: date
    until: date
    model: str | None = None
    where: Mapping[str, str] = field(default_factory=dict)
    target: Target | None = None
    low: Factors = EQUAL
    high: Factors = EQUAL
