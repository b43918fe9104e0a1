"""Scenario files: TOML text -> `Scenario`; each mistake is told with file, line and what would be right."""

import re
from collections.abc import Mapping
from dataclasses import MISSING
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pipelines.decisions.scenario import Scenario, keys
from pipelines.decisions.setting import Setting
from pipelines.models.similar_names import did_you_mean
from pipelines.models.user_csv import UserFileError, file_content
from pipelines.models.user_toml import shown, toml_statements

READY = Path(__file__).with_name("scenarios")
"""The scenarios that ship with the program, one file each."""
MAX_BYTES = 20_000
MAX_LINES = 500
_UNITS = re.compile(
    r"(_(per_\w+|k?tokens?|m?toks?|words?|chars?|characters|bytes|usd|eur|gbp|dollars?|cents?|seconds?|s|ms|"
    r"milliseconds|share|percent|pct|ratio|rate|days?|hours?|months?|years?))+$"
)
"""The end of a key that says its unit."""
_MONEY = re.compile(r"_(usd|eur|gbp|dollars?|cents?|price|cost)(_|$)")


_NEEDS = {
    "fallback_share": "fallback_model",
    "smaller_share": "smaller_model",
    "input_usd_per_mtok": "output_usd_per_mtok",
    "output_usd_per_mtok": "input_usd_per_mtok",
    "cache_read_usd_per_mtok": "input_usd_per_mtok",
    "cache_write_usd_per_mtok": "input_usd_per_mtok",
    "keeps_retrieved": "retrieved_tokens",
    "window_exchanges": "turns",
    "discount_from_usd_per_month": "discount_share",
    "discount_on": "discount_share",
    "cache_write_share": "cached_share",
    "gpu_usd_per_hour": "gpu_output_tokens_per_second",
    "machine_usd": "gpu_output_tokens_per_second",
    "gpu_input_tokens_per_second": "gpu_output_tokens_per_second",
    "machine_watts": "machine_usd",
    "machine_life_months": "machine_usd",
    "power_usd_per_kwh": "machine_watts",
    "gpus_per_replica": "gpu_output_tokens_per_second",
}
"""Keys that say nothing without another."""


def ready_scenarios() -> tuple[str, ...]:
    """Names of the scenarios that ship."""
    return tuple(sorted(file.stem for file in READY.glob("*.toml")))


def read_scenario(name_or_path: str) -> Scenario:
    """A scenario that ships, by its name, or any file. Raises UserFileError with file, line and remedy."""
    if name_or_path in ready_scenarios():
        path = READY / f"{name_or_path}.toml"
    else:
        path = Path(name_or_path)
        if not path.exists():
            like = did_you_mean(name_or_path, ready_scenarios())
            told = like or f"; those are {', '.join(ready_scenarios())}"
            raise UserFileError(f"{name_or_path} is neither a file nor a scenario that ships{told}")
    return parse_scenario(path, file_content(path, MAX_BYTES, "a scenario is a page of figures"))


def parse_scenario(path: Path, content: bytes) -> Scenario:
    """The scenario that these bytes state; `path` is how messages name them. Raises UserFileError."""
    stated, lines = _statements(path, content)
    declared = keys()
    values: dict[str, Any] = {}
    for name, value in stated.items():
        where = f"{path} line {lines.get(name, 1)}"
        if name not in declared:
            raise UserFileError(f"{where}: {_unknown(name, value, declared)}")
        try:
            values[name] = declared[name].metadata["kind"].read(value)
        except ValueError as error:
            unit = declared[name].metadata["unit"]
            in_unit = f" ({unit})" if unit and unit != "1" else ""
            raise UserFileError(f"{where}: {name}{in_unit} is {shown(value)}; {error}") from error
    missing = [name for name, one in declared.items() if one.default is MISSING and name not in values]
    if missing:
        raise UserFileError(f"{path}: {missing[0]} is missing; write a line such as {missing[0]} = 1000")
    for name, said in _contradictions(values):
        raise UserFileError(f"{path} line {lines[name]}: {said}")
    values.setdefault("name", path.stem)
    return Scenario(**values, settings=_settings(path, values, lines))


def _statements(path: Path, content: bytes) -> tuple[dict[str, Any], dict[str, int]]:
    """The values by key, and the line on which each key stands."""
    stated, statements = toml_statements(path, content, MAX_LINES, "a scenario is a page of figures")
    lines: dict[str, int] = {}
    for statement in statements:
        lines.setdefault(statement.name, statement.line)
    return stated, lines


def _unknown(name: str, value: Any, declared: Mapping[str, Any]) -> str:
    """What to write in place of a key that is none."""
    if isinstance(value, dict):
        return f"[{name}] or {name}.… is no part of a scenario; write all keys without sections"
    stem = _UNITS.sub("", name)
    same = [key for key in declared if _UNITS.sub("", key) == stem]
    if same:
        is_money = _MONEY.search(name) is not None
        meant = min(same, key=lambda key: (_MONEY.search(key) is not None) != is_money)
        unit = declared[meant].metadata["unit"] or "words"
        return f"{name} is in another unit; write {meant}, {'a share from 0 to 1' if unit == '1' else f'in {unit}'}"
    close = get_close_matches(name, declared, n=1, cutoff=0.6)
    remedy = f"write {close[0]}" if close else f"delete it; the keys are {', '.join(declared)}"
    return f"{name} is no key of a scenario; {remedy}"


def _contradictions(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Keys that make no sense together: the key to blame, and what to do."""
    found = []
    found += [
        (name, f"{name} needs {other}; write both or none")
        for name, other in _NEEDS.items()
        if values.get(name) and not values.get(other)
    ]
    if "gpu_output_tokens_per_second" in values and not {"gpu_usd_per_hour", "machine_usd"} & values.keys():
        said = "gpu_output_tokens_per_second needs a machine; write gpu_usd_per_hour, or machine_usd"
        found.append(("gpu_output_tokens_per_second", said))
    if "cached_share" in values:
        found += [
            ("cached_share", f"cached_share and {name} say the same in two ways; delete one")
            for name in ("cache_prefix", "cacheable_tokens", "cache_hit_share")
            if name in values
        ]
    if values.get("cached_share", 0) + values.get("cache_write_share", 0) > 1:
        found.append(("cache_write_share", "cached_share and cache_write_share are more than all tokens; lower one"))
    if values.get("retry_share") and values.get("failure_share"):
        found.append(("failure_share", "retry_share and failure_share say the same in two ways; delete one"))
    if "cacheable_tokens" in values and "cache_prefix" in values:
        found.append(("cacheable_tokens", "cacheable_tokens and cache_prefix say the same in two ways; delete one"))
    first = sum(values.get(f"{part}_tokens", 0) for part in ("system", "retrieved", "user"))
    if values.get("cacheable_tokens", 0) > first:
        said = f"cacheable_tokens is {values['cacheable_tokens']}, the first prompt has {first}"
        found.append(("cacheable_tokens", f"{said}; write at most that"))
    return found


def _settings(path: Path, values: Mapping[str, Any], lines: Mapping[str, int]) -> tuple[Setting, ...]:
    """Every key in force, those of the file first, and defaults that say something."""
    stated, defaults = [], []
    for name, one in keys().items():
        unit, meaning = one.metadata["unit"], one.metadata["meaning"]
        if name in lines:
            source = f"{path.name} line {lines[name]}"
            stated.append(Setting(name, _plain(values[name]), unit, meaning, False, source, None))
        elif name != "name":
            source, on = one.metadata["source"], one.metadata["on"]
            defaults.append(Setting(name, _plain(one.default), unit, meaning, True, source, on))
    return (*stated, *defaults)


def _plain(value: Any) -> str | None:
    if value is None or value == ():
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return ", ".join(value) if isinstance(value, tuple) else f"{value}"
