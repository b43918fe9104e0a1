"""What a benchmark found, as one line of JSON.

Of a comparison the ratio comes first, because it says the most on another machine.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Target:
    """What a ratio and a peak must be: `ratio` is the most that it may be, or the least where `at_least`."""

    ratio: float | None = None
    at_least: bool = False
    peak_gib: float | None = None

    def is_met(self, ratio: float, peak_gib: float) -> bool:
        """Whether both parts hold."""
        is_ratio_met = self.ratio is None or (ratio >= self.ratio if self.at_least else ratio <= self.ratio)
        return is_ratio_met and (self.peak_gib is None or peak_gib <= self.peak_gib)

    def __str__(self) -> str:
        """As people write it."""
        parts = [] if self.ratio is None else [f"ratio {'>=' if self.at_least else '<='} {self.ratio:g}"]
        parts += [] if self.peak_gib is None else [f"peak <= {self.peak_gib:g} GiB"]
        return ", ".join(parts) or "none"


@dataclass(frozen=True)
class Result:
    """One comparison. `ours` and `theirs` hold seconds, cpu_seconds and peak_gib; `equal` says what was checked."""

    name: str
    ratio: float | None
    target: Target
    ours: Mapping[str, Any]
    theirs: Mapping[str, Any]
    is_equal: bool
    """Both sides did the same work: the totals that must agree do."""
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_met(self) -> bool:
        """A fast wrong answer meets nothing."""
        return (
            self.ratio is not None and self.is_equal and self.target.is_met(self.ratio, self.ours.get("peak_gib", 0.0))
        )

    def line(self) -> str:
        """One line of JSON."""
        shown = {
            "name": self.name,
            "ratio": None if self.ratio is None else float(f"{self.ratio:.4g}"),
            "target": str(self.target),
            "is_met": self.is_met,
            "totals_agree": self.is_equal,
            "ours": self.ours,
            "theirs": self.theirs,
            **self.details,
        }
        return json.dumps(shown)


@dataclass(frozen=True)
class Proof:
    """What must hold of one large run, beside nothing else: each check by name, and figures of the run."""

    name: str
    checks: Mapping[str, bool]
    details: Mapping[str, Any]

    @property
    def is_met(self) -> bool:
        """All checks hold."""
        return all(self.checks.values())

    def line(self) -> str:
        """One line of JSON."""
        return json.dumps({"name": self.name, "is_met": self.is_met, "checks": self.checks, **self.details})


def failed(name: str, target: Target, reason: str) -> Result:
    """A comparison that could not be made."""
    return Result(name, None, target, {}, {}, is_equal=False, details={"failed": reason})
