"""Refused records -> rows of UsageReject, with what may be stored of them: no text of a message, no path, no key.

A record that was read is cut to the fields that its importer names, each only if it looks like an id, a time, a model
or a number. Of a line that could not be read only a start that is made of such fields is kept: the rest may be the
middle of a prompt.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from pipelines.schema.columns import polars_schema
from pipelines.schema.usage import UsageReject
from pipelines.usage.importer import Importer

REJECT_SCHEMA = polars_schema(UsageReject)
PLACE = ("import_id", "file_name", "source_line")
MAX_REJECTS = 5_000
"""Of one file and reason that are kept; the others are counted, and one reject says how many, and on which lines."""
TOO_MANY = "too_many_rejects"
MORE_SCHEMA = {
    "import_id": pl.String(),
    "file_name": pl.String(),
    "rule": pl.String(),
    "first": pl.Int64(),
    "last": pl.Int64(),
    "more": pl.Int64(),
}
"""Refused records that are counted and not kept: their file and reason, first and last line, and number."""
MAX_DETAIL = 300
MAX_RAW_TEXT = 500
HARMLESS = re.compile(r"[\w.:+/@|=-]{0,80}")
SECRET = re.compile(r"\b(?:sk|pk|rk|xai|gsk|hf|ghp|glpat|AKIA|AIza|Bearer)[-_ ]?[\w-]{12,}")
SAFE_START = re.compile(r'\s*\{(?:\s*"[\w.]{1,40}"\s*:\s*(?:"[\w.:+-]{0,80}"|-?\d+(?:\.\d+)?|null|true|false)\s*,?)*')
FREE_TEXT = re.compile(r'"(?:content|text|prompt|message|input|output|summary|query|cwd|name)"\s*:\s*"[^"]*"?')


def first_of_each_reason(
    refused: pl.DataFrame, place: pl.DataFrame, reasons: pl.Series
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Refused records cut to MAX_REJECTS of a file and reason, and how many more there were: MORE_SCHEMA.

    `place`: PLACE of each of them; `reasons`: the rule that each breaks.
    """
    if refused.height <= MAX_REJECTS:
        return refused, pl.DataFrame(schema=MORE_SCHEMA)
    named = place.with_columns(rule=reasons)
    is_kept = named.select(pl.int_range(pl.len()).over("import_id", "rule") < MAX_REJECTS).to_series()
    return refused.filter(is_kept), counted(named.filter(~is_kept))


def counted(refused: pl.DataFrame) -> pl.DataFrame:
    """Refused records that are not kept, as MORE_SCHEMA. `refused`: PLACE and rule."""
    lines = pl.col("source_line")
    groups = refused.group_by("import_id", "file_name", "rule", maintain_order=True)
    return groups.agg(first=lines.min(), last=lines.max(), more=pl.len()).cast(pl.Schema(MORE_SCHEMA))


def rejects_of_more(more: pl.DataFrame) -> pl.DataFrame:
    """One reject for each file and reason of which there are too many. `more`: MORE_SCHEMA, several rows of each."""
    sums = more.group_by("import_id", "file_name", "rule", maintain_order=True).agg(
        pl.col("first").min(), pl.col("last").max(), pl.col("more").sum()
    )
    return _rejects(
        (import_id, name, first, TOO_MANY, f"{rule}: {count} more, lines {first} to {last}: counted, not kept", "")
        for import_id, name, rule, first, last, count in sums.iter_rows()
    )


def rejects_of_faults(faulty: pl.DataFrame) -> pl.DataFrame:
    """Of records that could not be read: PLACE, fault, detail and text."""
    rows = faulty.select(*PLACE, "fault", "detail", "text").iter_rows()
    return _rejects((*place, fault, detail, excerpt_of_line(text or "")) for *place, fault, detail, text in rows)


def rejects_of_rule(rule: str, lines: Iterable[tuple[str, str, int, str]]) -> pl.DataFrame:
    """Of rows that one rule refuses once they are read: PLACE of each, and what is told."""
    return _rejects((*place, rule, detail, "") for *place, detail in lines)


def rejects_of_rules(
    stating: pl.DataFrame, broken: pl.DataFrame, reasons: list[tuple[str, str]], importer: Importer
) -> pl.DataFrame:
    """Of records that break a rule of their format. `broken`: record_number in `stating`, and number of a reason."""
    records = stating[broken["record_number"]].iter_rows(named=True)
    return _rejects(
        (*(record[name] for name in PLACE), *reasons[number], excerpt_of_record(record, importer))
        for record, number in zip(records, broken["broken"], strict=True)
    )


def rejects_of_table(stating: pl.DataFrame, against: pl.DataFrame, importer: Importer) -> pl.DataFrame:
    """Of records that break rules of their table. `against`: record_number in `stating`, and the rules by name."""
    records = stating[against["record_number"]].iter_rows(named=True)
    return _rejects(
        (
            *(record[name] for name in PLACE),
            rules.split(", ")[0],
            f"breaks {rules}",
            excerpt_of_record(record, importer),
        )
        for record, rules in zip(records, against["rules"], strict=True)
    )


def excerpt_of_record(record: Mapping[str, object], importer: Importer) -> str:
    """A record as JSON of what is harmless in it; of other values only their length is told."""
    hidden = importer.private | importer.nested.keys()
    shown = {
        name: _harmless(record[name]) for name in importer.texts if name not in hidden and record.get(name) is not None
    }
    return json.dumps(shown)


def excerpt_of_line(text: str) -> str:
    """The harmless start of a line that could not be read."""
    found = SAFE_START.match(text)
    return FREE_TEXT.sub("", without_secrets(found.group()))[:MAX_RAW_TEXT] if found else ""


def without_secrets(text: str) -> str:
    """A text in which whatever looks like a key is blotted out."""
    return SECRET.sub("<secret>", text)


def _harmless(value: object) -> object:
    text = str(value)
    if HARMLESS.fullmatch(text):
        return without_secrets(text)
    return f"<{len(text)} characters>"


def _rejects(rows: Iterable[tuple[Any, ...]]) -> pl.DataFrame:
    """Rows of UsageReject, cut to its limits."""
    cut = [
        (*place, rule, " ".join(detail.split())[:MAX_DETAIL], raw_text[:MAX_RAW_TEXT])
        for *place, rule, detail, raw_text in rows
    ]
    return pl.DataFrame(cut, schema=REJECT_SCHEMA, orient="row")
