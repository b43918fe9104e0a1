"""What alerts.toml may say, with what holds where it says nothing. Reading the file is in rule_file.py."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

REMIND_AFTER_DAYS = {"critical": 3, "warning": 14}
"""By severity; what is good to know is told once."""
CLASS_OF = {"critical": "immediate", "warning": "immediate", "info": "digest"}
DEFAULT = "default"
"""The channel of addresses without a name."""
EVERYBODY = "all"


@dataclass(frozen=True)
class RuleSettings:
    """What the user says of one rule; None: as the rule says, or by severity."""

    is_on: bool = True
    severity: str | None = None
    owner: str | None = None
    channel: str | None = None
    delivery_class: str | None = None
    remind_after_days: int | None = None
    thresholds: Mapping[str, Any] = field(default_factory=dict)
    """By name, in the unit of the rule's declaration."""


@dataclass(frozen=True)
class QuietHours:
    """Hours of each day in which only critical alerts are sent; they may span midnight."""

    begin: time
    end: time

    def holds(self, clock: time) -> bool:
        """Whether a time of day lies within them."""
        if self.begin <= self.end:
            return self.begin <= clock < self.end
        return clock >= self.begin or clock < self.end


@dataclass(frozen=True)
class AlertSettings:
    """The whole file."""

    rules: Mapping[str, RuleSettings] = field(default_factory=dict)
    channels: Mapping[str, str] = field(default_factory=dict)
    """Owner -> channel of what is for that owner."""
    digest_at: time = time(6)
    timezone: str = "UTC"
    quiet: QuietHours | None = None

    def rule(self, name: str) -> RuleSettings:
        """What holds for a rule."""
        return self.rules.get(name, RuleSettings())

    def is_quiet(self, now: datetime) -> bool:
        """Whether it is quiet at an instant, naive UTC."""
        return self.quiet is not None and self.quiet.holds(self._local(now).time())

    def last_digest_before(self, now: datetime) -> datetime:
        """The last moment at which a digest was due, naive UTC."""
        local = self._local(now)
        due = datetime.combine(local.date(), self.digest_at, local.tzinfo)
        if due > local:
            due = datetime.combine(local.date() - timedelta(days=1), self.digest_at, local.tzinfo)
        return due.astimezone(ZoneInfo("UTC")).replace(tzinfo=None)

    def _local(self, now: datetime) -> datetime:
        return now.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(self.timezone))

    def dressed(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """A row of Alert with severity, owner, channel, class and reminder as they hold for it."""
        said = self.rule(row["rule"])
        severity = said.severity or row["severity"]
        owner = row["owner"] or said.owner or EVERYBODY
        reminder = said.remind_after_days
        return dict(row) | {
            "severity": severity,
            "owner": owner,
            "channel": said.channel or self.channels.get(owner, DEFAULT),
            "delivery_class": said.delivery_class or CLASS_OF[severity],
            "remind_after_days": REMIND_AFTER_DAYS.get(severity) if reminder is None else reminder or None,
        }
