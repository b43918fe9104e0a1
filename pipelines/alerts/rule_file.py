"""alerts.toml: which rules are on, how severe, for whom and where; when the digest goes and when it is quiet.

Reading and checking only. A mistake names file, line and what to write, and the last good state of the file counts.
"""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import time
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pipelines.alerts.alert_settings import AlertSettings, QuietHours, RuleSettings
from pipelines.alerts.rule_catalog import RULES_BY_NAME, Threshold
from pipelines.models.user_csv import UserFileError
from pipelines.schema.alerts import CLASSES, SEVERITIES
from pipelines.snapshots.user_inputs import UserMap, file_in_force
from pipelines.warehouse.last_good import keep_last_good

ALERT_FILE = "alerts.toml"
TOP = ("digest_at", "timezone", "quiet_hours", "owner", "rule")
RULE_KEYS = ("on", "severity", "owner", "channel", "class", "remind_after")
NAME = re.compile(r"[A-Za-z][\w-]*")
FIGURE = re.compile(r"(?P<amount>\d{1,12}(?:\.\d{1,6})?) ?(?P<unit>%|[A-Za-z]+)")
CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
LONGEST_REMINDER = 366


def alert_settings_in_force(folder: Path) -> UserMap[AlertSettings]:
    """The file below a warehouse folder; its last good state where it has a mistake. Changes nothing."""
    return file_in_force(folder, ALERT_FILE, parse_alert_settings, "every rule is as it ships")


def keep_alert_settings(folder: Path) -> UserMap[AlertSettings]:
    """What is in force, and its content kept as the last good state where it is good."""
    found = alert_settings_in_force(folder)
    if found.problem is None:
        keep_last_good(folder, ALERT_FILE, found.content or None)
    return found


def parse_alert_settings(path: Path, content: bytes) -> AlertSettings:
    """The settings of these bytes; no bytes are no file. Raises UserFileError with file, line and remedy."""
    try:
        text = content.decode("utf-8-sig")
        values = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise UserFileError(f"{path}: byte {error.start + 1} is not UTF-8; save the file as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        where = f"{path} line {line[1]}" if line else f"{path}, at its end"
        what = re.sub(r" \(at .*\)", "", str(error))
        raise UserFileError(
            f'{where}: {what}; write lines such as severity = "critical" below [rule.budget]'
        ) from error
    return _Reader(path, text).settings(values)


class _Reader:
    """Checks the values of one file; knows the line of each key for what is to be said of it."""

    def __init__(self, path: Path, text: str) -> None:
        self.path, self.lines = path, _key_lines(text)

    def settings(self, values: Mapping[str, Any]) -> AlertSettings:
        self._known((), values, TOP)
        found = AlertSettings()
        if "digest_at" in values:
            found = replace(found, digest_at=self._clock(("digest_at",), values["digest_at"]))
        if "timezone" in values:
            found = replace(found, timezone=self._zone(values["timezone"]))
        if "quiet_hours" in values:
            found = replace(found, quiet=self._quiet(values["quiet_hours"]))
        owners = self._table(("owner",), values.get("owner", {}))
        rules = self._table(("rule",), values.get("rule", {}))
        self._known(("rule",), rules, tuple(RULES_BY_NAME))
        return replace(
            found,
            channels={name: self._owner(name, one) for name, one in owners.items()},
            rules={name: self._rule(name, one) for name, one in rules.items()},
        )

    def _rule(self, name: str, value: Any) -> RuleSettings:
        place = ("rule", name)
        said = self._table(place, value)
        thresholds = RULES_BY_NAME[name].thresholds
        self._known(place, said, (*RULE_KEYS, *thresholds))
        checks: dict[str, tuple[str, Callable[[tuple[str, ...], Any], Any]]] = {
            "on": ("is_on", self._flag),
            "severity": ("severity", lambda at, one: self._choice(at, one, SEVERITIES)),
            "owner": ("owner", self._text),
            "channel": ("channel", self._name),
            "class": ("delivery_class", lambda at, one: self._choice(at, one, CLASSES)),
            "remind_after": ("remind_after_days", self._reminder),
        }
        found = {field: check((*place, key), said[key]) for key, (field, check) in checks.items() if key in said}
        figures = {
            key: self._threshold((*place, key), said[key], one) for key, one in thresholds.items() if key in said
        }
        return RuleSettings(thresholds=figures, **found)

    def _owner(self, name: str, value: Any) -> str:
        place = ("owner", name)
        said = self._table(place, value)
        self._known(place, said, ("channel",))
        if "channel" not in said:
            self._refuse(place, f"[owner.{name}] says no channel", 'write channel = "finance" below it')
        return self._name((*place, "channel"), said["channel"])

    def _quiet(self, value: Any) -> QuietHours:
        place = ("quiet_hours",)
        said = self._table(place, value)
        self._known(place, said, ("from", "to"))
        if set(said) != {"from", "to"}:
            self._refuse(place, "quiet hours have no beginning or no end", 'write from = "22:00" and to = "07:00"')
        begin, end = (self._clock((*place, key), said[key]) for key in ("from", "to"))
        if begin == end:
            self._refuse((*place, "to"), "quiet hours end as they begin", 'write from = "22:00" and to = "07:00"')
        return QuietHours(begin, end)

    def _threshold(self, place: tuple[str, ...], value: Any, one: Threshold) -> Any:
        if isinstance(one.default, Mapping):
            return self._figures_by_name(place, value, one.unit)
        is_list = isinstance(one.default, tuple)
        example = f'["90 {one.unit}", "30 {one.unit}"]' if is_list else f'"{_shown(one)} {one.unit}"'
        if is_list:
            if not isinstance(value, list) or not value:
                self._refuse(place, f"{value!r} is no list of figures", f"write {place[-1]} = {example}")
            return tuple(sorted({int(self._figure(place, each, one.unit, example)) for each in value}))
        amount = self._figure(place, value, one.unit, example)
        if isinstance(one.default, int):
            if amount != int(amount):
                self._refuse(place, f"{value!r} is no whole number of {one.unit}", f"write {place[-1]} = {example}")
            return int(amount)
        return amount / 100 if one.unit == "%" else amount

    def _figures_by_name(self, place: tuple[str, ...], value: Any, unit: str) -> dict[str, Decimal]:
        example = f'{{ H100 = "3.50 {unit}" }}'
        if not isinstance(value, dict):
            self._refuse(place, f"{value!r} is no table of figures", f"write {place[-1]} = {example}")
        return {name: self._figure(place, one, unit, example) for name, one in value.items()}

    def _figure(self, place: tuple[str, ...], value: Any, unit: str, example: str) -> Decimal:
        remedy = f"write {place[-1]} = {example}"
        match = FIGURE.fullmatch(value.strip()) if isinstance(value, str) else None
        if match is None:
            self._refuse(place, f"{value!r} is no figure with a unit, as text", remedy)
        if match["unit"] != unit and match["unit"] + "s" != unit:
            self._refuse(place, f"{value!r} is in {match['unit']!r}, and this is in {unit!r}", remedy)
        return Decimal(match["amount"])

    def _reminder(self, place: tuple[str, ...], value: Any) -> int:
        if value == "never":
            return 0
        days = self._figure(place, value, "days", '"3 days", or "never"')
        if not 1 <= days <= LONGEST_REMINDER or days != int(days):
            self._refuse(place, f"{value!r} is no whole number of days from 1", 'write "3 days", or "never"')
        return int(days)

    def _clock(self, place: tuple[str, ...], value: Any) -> time:
        if isinstance(value, time):
            return value.replace(second=0, microsecond=0)
        match = CLOCK.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            self._refuse(place, f"{value!r} is no time of day", f'write {place[-1]} = "06:00"')
        return time(int(match[1]), int(match[2]))

    def _zone(self, value: Any) -> str:
        try:
            ZoneInfo(value if isinstance(value, str) else "")
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self._refuse(("timezone",), f"{value!r} is no time zone", 'write timezone = "Europe/Berlin", or "UTC"')
        return str(value)

    def _flag(self, place: tuple[str, ...], value: Any) -> bool:
        if not isinstance(value, bool):
            self._refuse(place, f"{value!r} is neither true nor false", f"write {place[-1]} = false")
        return bool(value)

    def _choice(self, place: tuple[str, ...], value: Any, allowed: tuple[str, ...]) -> str:
        if value not in allowed:
            self._refuse(place, f"{value!r} is not one of {', '.join(allowed)}", f'write {place[-1]} = "{allowed[-1]}"')
        return str(value)

    def _name(self, place: tuple[str, ...], value: Any) -> str:
        if not isinstance(value, str) or NAME.fullmatch(value) is None:
            remedy = 'write the name before an address in COSTS_ALERT_URLS, such as "finance" of finance=slack://...'
            self._refuse(place, "this is no name of a channel (an address is a secret and never stands here)", remedy)
        return str(value)

    def _text(self, place: tuple[str, ...], value: Any) -> str:
        if not isinstance(value, str) or not 1 <= len(value.strip()) <= 100:
            self._refuse(place, f"{value!r} is no name", f'write {place[-1]} = "platform"')
        return str(value).strip()

    def _table(self, place: tuple[str, ...], value: Any) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            example = {"rule": "[rule.budget]", "owner": "[owner.finance]"}.get(place[0], "[quiet_hours]")
            self._refuse(place, f"{'.'.join(place)} is no table", f"write {example} and its keys in the lines below")
        return value

    def _known(self, place: tuple[str, ...], said: Mapping[str, Any], allowed: tuple[str, ...]) -> None:
        for key in said:
            if key not in allowed:
                kind = "rule" if place == ("rule",) else "key"
                self._refuse((*place, key), f"{key!r} is no {kind} here", f"write one of {', '.join(allowed)}")

    def _refuse(self, place: tuple[str, ...], what: str, remedy: str) -> NoReturn:
        line = next((self.lines[place[:n]] for n in range(len(place), 0, -1) if place[:n] in self.lines), 1)
        raise UserFileError(f"{self.path} line {line}: {what}; {remedy}")


def _shown(one: Threshold) -> str:
    amount = one.default * 100 if one.unit == "%" else one.default
    return f"{amount:f}".rstrip("0").rstrip(".") if isinstance(amount, Decimal) and amount % 1 else str(int(amount))


def _key_lines(text: str) -> dict[tuple[str, ...], int]:
    """Where each key and table begins, as people write them: a line each."""
    found: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if stripped.startswith("["):
            table = _keys(stripped.strip("[]").split("]")[0])
            found.setdefault(table, number)
        elif "=" in stripped and not stripped.startswith("#"):
            found.setdefault((*table, *_keys(stripped.split("=")[0])), number)
    return found


def _keys(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))
