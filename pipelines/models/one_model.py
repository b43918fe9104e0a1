"""Whether two ids mean one model on a day: an alias beside its snapshot, a name with and without its provider."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import polars as pl

from pipelines.models.model_aliases import FEE, LISTED, USED

_Key = tuple[Any, ...]
_OF_A_FINE_TUNE = "fine_tune"
"""Fine-tunes of one base have its price, and are models of their own."""
_NAME = [name for name in LISTED if name != "listed_region"]


@dataclass(frozen=True)
class OneModel:
    """By used id (provider, channel, region, model): the listed names that it may stand for, the best one first."""

    names: Mapping[_Key, tuple[_Key, ...]] = field(default_factory=dict)

    def __call__(self, one: _Key, other: _Key) -> bool:
        """Whether both are the same model at the same seller and in the same region."""
        if one == other:
            return True
        ours, theirs = self.names.get(one, ()), self.names.get(other, ())
        if not ours or not theirs or one[USED.index("region")] != other[USED.index("region")]:
            return False
        return ours[0] in theirs or theirs[0] in ours


def one_model_on(candidates: pl.DataFrame, listed: pl.DataFrame, at: datetime) -> OneModel:
    """`candidates`: of `model_aliases.candidates`; `listed`: provider, channel, region, model; `at`: naive UTC."""
    is_meant = (pl.col("valid_from").is_null() | (pl.col("valid_from") <= at)) & (
        pl.col("valid_to").is_null() | (pl.col("valid_to") > at)
    )
    lists = listed.select(provider="provider", channel="channel", model="model").unique()
    found = (
        candidates.filter(is_meant, ~pl.col("rule").is_in([FEE, _OF_A_FINE_TUNE]))
        .join(lists.rename({name: f"listed_{name}" for name in lists.columns}), on=_NAME, how="semi")
        .sort("exactness")
    )
    names: dict[_Key, dict[_Key, None]] = {}
    for row in found.select(*USED, *_NAME).iter_rows():
        names.setdefault(row[: len(USED)], {})[row[len(USED) :]] = None
    return OneModel({key: tuple(some) for key, some in names.items()})
