"""Texts of a log -> typed columns: counts, moments, names, money. Each says what it refuses and why.

Expressions only: no rows, no files. Which field of which format becomes which column does not belong here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from pipelines.models.provider_aliases import PROVIDER_ALIASES, UNKNOWN
from pipelines.usage.importer import Reading, Rule
from pipelines.usage.rejects import SECRET

MAX_TEXT = 200
MAX_ID = 1000
"""An id of a response may hold what a gateway has encrypted: its own id, a user, a team."""
MAX_COUNT = 10**15
"""No bucket holds more tokens; it keeps every sum of a row far inside 64 bits."""
MAX_USD = 10_000_000
"""Of one line. An amount in a currency that is converted later is held against it then: see `money`."""
COST = pl.Decimal(38, 12)
CONTROL_CHARACTER = r"\p{C}"
FILE_TIME = "file_time"
"""Text of every record: when its file was last changed."""
REST_AT_DEFAULT = "rest_at_default"
"""Why a row may have cost more: what the parts of a total leave of it is counted under the meter of the default."""
NUMBER = r"^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$"


def count(name: str) -> Reading:
    """A whole number from 0 to MAX_COUNT, printed as 10; NULL where the log has none."""
    value = pl.col(name).cast(pl.Int64, strict=False)
    return Reading(
        value,
        pl.col(name).is_not_null() & ~value.is_between(0, MAX_COUNT).fill_null(value=False),
        "not_a_count",
        f"{name} is not a whole number from 0 to {MAX_COUNT}",
    )


def export_count(name: str) -> Reading:
    """A whole number as spreadsheets and exports print it: 10, 10.0 or nothing."""
    plain = pl.col(name).str.strip_chars().str.replace(r"\.0{1,20}$", "")
    value = plain.replace("", None).cast(pl.Int64, strict=False)
    return Reading(
        value,
        (plain != "").fill_null(value=False) & ~value.is_between(0, MAX_COUNT).fill_null(value=False),
        "not_a_count",
        f"{name} is not a whole number from 0 to {MAX_COUNT}",
    )


def first_count(*names: str) -> Reading:
    """A whole number that versions of a format write under one name or another: the first name that has one."""
    readings = [export_count(name) for name in names]
    return Reading(
        pl.coalesce(reading.value for reading in readings),
        pl.any_horizontal(reading.is_broken for reading in readings),
        "not_a_count",
        f"{' or '.join(names)} is not a whole number from 0 to {MAX_COUNT}",
    )


def largest_count(*names: str) -> Reading:
    """A whole number that a log may state under several names at once, where some are filled with 0: the largest."""
    stated = first_count(*names)
    return Reading(
        pl.max_horizontal(export_count(name).value for name in names), stated.is_broken, stated.rule, stated.detail
    )


def rest(total: pl.Expr, *parts: pl.Expr) -> pl.Expr:
    """What a total holds beside its parts; a part that the log does not tell takes nothing away."""
    return total - pl.sum_horizontal(part.fill_null(0) for part in parts)


@dataclass(frozen=True)
class RestAtDefault:
    """What a total holds beside its parts, to be counted under the meter of the default."""

    value: pl.Expr
    """0 where the parts are all of it, or more."""
    reason: pl.Expr
    """For `lower_bound_reason`: NULL where there is no rest."""


def rest_at_default(total: pl.Expr, parts: pl.Expr) -> RestAtDefault:
    """The rest of a total that its parts leave. Nothing tells what it is, so its cost is flagged."""
    more = (total - parts).clip(lower_bound=0).fill_null(0)
    return RestAtDefault(more, pl.when(more > 0).then(pl.lit(REST_AT_DEFAULT)))


def first_of(*names: str) -> pl.Expr:
    """The first text that is there and not empty."""
    return pl.coalesce(pl.when(pl.col(name) != "").then(pl.col(name)) for name in names)


def first_text(*names: str, longest: int = MAX_TEXT) -> Reading:
    """As `text`, of the first name that has one."""
    value = first_of(*names)
    is_broken = (value.str.len_chars() > longest) | value.str.contains(CONTROL_CHARACTER)
    detail = f"{' or '.join(names)} must be one line of at most {longest} characters"
    return Reading(value, is_broken.fill_null(value=False), "not_a_text", detail)


def key_id(name: str) -> Reading:
    """The id or hash of an API key. A text that looks like the key itself is refused, so that it is never stored."""
    plain = text(name)
    is_key = pl.col(name).str.contains(SECRET.pattern).fill_null(value=False)
    detail = f"{name} is no id of a key but looks like the key itself, or is not one short line"
    return Reading(plain.value, plain.is_broken | is_key, "looks_like_a_key", detail)


def seller(word: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """Provider and channel of what a log calls its provider; 'unknown' and 'api' where the word does not tell."""
    name = word.str.strip_chars().str.to_lowercase()
    providers = {other: provider or UNKNOWN for other, (provider, _) in PROVIDER_ALIASES.items()} | {"": UNKNOWN}
    channels = {other: channel or "api" for other, (_, channel) in PROVIDER_ALIASES.items()}
    provider = name.replace_strict(providers, default=name).fill_null(UNKNOWN)
    return provider, name.replace_strict(channels, default=pl.lit("api")).fill_null("api")


def text(name: str, rule: str = "not_a_text") -> Reading:
    """One printable line of at most MAX_TEXT characters; NULL where the log has none or an empty one."""
    value = pl.when(pl.col(name) != "").then(pl.col(name))
    is_broken = (pl.col(name).str.len_chars() > MAX_TEXT) | pl.col(name).str.contains(CONTROL_CHARACTER)
    return Reading(
        value, is_broken.fill_null(value=False), rule, f"{name} must be one line of at most {MAX_TEXT} characters"
    )


def moment(name: str, *, is_utc_without_zone: bool = False) -> Reading:
    """An ISO 8601 time with its zone, as naive UTC. `is_utc_without_zone` only where the format's makers say so."""
    printed = pl.col(name)
    if is_utc_without_zone:
        iso = printed.str.replace(" UTC", "Z", literal=True).str.replace(r"^(\d{4}-\d\d-\d\d) ", "${1}T")
        has_zone = iso.str.contains(r"(Z|[+-]\d\d:?\d\d)$")
        printed = pl.when(has_zone).then(iso).otherwise(iso + "Z")
    value = printed.str.to_datetime("%+", time_unit="us", time_zone="UTC", strict=False).dt.replace_time_zone(None)
    is_broken = value.is_null() | ~value.is_between(pl.datetime(1, 1, 2), pl.datetime(9999, 12, 30))
    return Reading(value, is_broken.fill_null(value=True), "not_a_timestamp", f"{name} is not an ISO time with a zone")


def first_moment(*readings: Reading) -> Reading:
    """The first of several ways to print a time that can be read."""
    value = pl.coalesce(reading.value for reading in readings)
    return Reading(value, value.is_null(), "not_a_timestamp", " and ".join(reading.detail for reading in readings))


def epoch(name: str, *, per_second: int = 1) -> Reading:
    """A count since 1970 in seconds, or in `per_second` parts of one, as naive UTC."""
    whole = pl.col(name).str.replace(r"\.0{1,20}$", "").cast(pl.Int64, strict=False)
    is_plausible = whole.is_between(0, 253_402_300_799 * per_second).fill_null(value=False)
    value = pl.when(is_plausible).then(whole * 1_000_000 // per_second if per_second <= 1_000_000 else
                                       whole // (per_second // 1_000_000)).cast(pl.Datetime("us"))  # fmt: skip
    return Reading(value, ~is_plausible, "not_a_timestamp", f"{name} is not a time since 1970")


def any_moment(name: str, *, is_utc_without_zone: bool = False, or_file_time: bool = False) -> Reading:
    """A time as tools print it: ISO, or a count since 1970 whose digits tell its unit (10 seconds, 13, 16, 19).

    `or_file_time`: a record without a time is of the file's own, for formats that state none.
    """
    printed = moment(name, is_utc_without_zone=is_utc_without_zone)
    digits = pl.col(name).str.extract(r"^([0-9]{10,19})(?:\.[0-9]+)?$")
    size = digits.str.len_chars()
    whole = digits.cast(pl.Int64, strict=False)
    in_seconds = pl.when(size == 10).then(whole * 1_000_000)
    microseconds = in_seconds.when(size == 13).then(whole * 1_000).when(size == 16).then(whole)
    counted = microseconds.when(size == 19).then(whole // 1_000).cast(pl.Datetime("us"))
    value = pl.coalesce(printed.value, counted)
    if or_file_time:
        value = pl.when((pl.col(name) != "").fill_null(value=False)).then(value).otherwise(moment(FILE_TIME).value)
    return Reading(value, value.is_null(), "not_a_timestamp", f"{name} is neither an ISO time nor a time since 1970")


def day_or_hour(name: str) -> tuple[Reading, pl.Expr]:
    """Start and end of a day printed as 2026-03-01 or of an hour printed as 2026-03-01 02:00, where its maker says UTC.

    Both are naive UTC.
    """
    is_day = pl.col(name).str.contains(r"^\d{4}-\d\d-\d\d$")
    is_hour = pl.col(name).str.contains(r"^\d{4}-\d\d-\d\d \d\d:00$")
    printed = pl.when(is_day).then(pl.col(name) + " 00:00").when(is_hour).then(pl.col(name))
    start = printed.str.to_datetime("%Y-%m-%d %H:%M", time_unit="us", strict=False)
    end = start + pl.when(is_day).then(pl.duration(days=1)).otherwise(pl.duration(hours=1))
    return Reading(start, start.is_null(), "not_a_timestamp", f"{name} is not a day like 2026-03-01"), end


def usd(name: str, *, per_usd: int = 1) -> Reading:
    """An amount of money as printed, exact to twelve places; negative where it is a credit.

    `per_usd`: how many printed units make a dollar, 100 where a report states cents.
    """
    return _amount(name, MAX_USD, per_usd)


def money(name: str, *, per_unit: int = 1) -> Reading:
    """As `usd`, of an amount in whatever currency the line is: 10 million yen are no slip of the pen.

    What it is in USD is held against MAX_USD once it is converted: see `bill_currency`. `per_unit`: as `per_usd`.
    """
    return _amount(name, MAX_COUNT, per_unit)


def _amount(name: str, limit: int, per_unit: int) -> Reading:
    amount = _exact(name, limit * per_unit)
    value = amount if per_unit == 1 else (amount / pl.lit(per_unit).cast(COST)).cast(COST)
    return Reading(value, _is_given(name) & value.is_null(), "not_a_cost", f"{name} is not an amount of money")


def currency(name: str, default: str | None) -> Reading:
    """A code of ISO 4217 in capitals; `default` where none is stated."""
    code = first_of(name).str.strip_chars().str.to_uppercase()
    is_broken = (~code.str.contains(r"^[A-Z]{3}$")).fill_null(value=False)
    value = pl.coalesce(code, pl.lit(default, pl.String))
    return Reading(value, is_broken, "not_a_currency", f"{name} is no code of ISO 4217 such as EUR")


def quantity(name: str) -> Reading:
    """A number of units that may have a fraction, such as seconds, exact to twelve places."""
    value = _exact(name, MAX_COUNT)
    return Reading(value, _is_given(name) & value.is_null(), "not_a_quantity", f"{name} is not a number of units")


def _is_given(name: str) -> pl.Expr:
    return (pl.col(name).str.strip_chars() != "").fill_null(value=False)


def _exact(name: str, limit: int) -> pl.Expr:
    """A printed number of at most `limit` as a decimal; NULL for other texts."""
    printed = pl.col(name).str.strip_chars()
    is_number = printed.str.contains(NUMBER).fill_null(value=False)
    is_plain = is_number & ~printed.str.contains("[eE]").fill_null(value=False)
    plain = pl.when(is_plain).then(printed).cast(COST, strict=False)
    # A number with an exponent was a binary fraction already; its tail beyond twelve places is rounded.
    binary = pl.when(is_number & ~is_plain).then(printed).cast(pl.Float64, strict=False)
    number = pl.coalesce(plain, pl.when(binary.abs() <= limit).then(binary).cast(COST, strict=False))
    return pl.when((number.abs() <= limit).fill_null(value=False)).then(number)


def choice(names: str | Sequence[str], meanings: Mapping[str, str], default: str | None, rule: str) -> Reading:
    """One of the words that the format knows, in our terms; `default` where the log has none.

    `names`: where it may stand, the place that is believed first.
    """
    places = (names,) if isinstance(names, str) else tuple(names)
    word = first_of(*places)
    known = word.str.to_lowercase().replace_strict(dict(meanings), default=None, return_dtype=pl.String)
    return Reading(
        pl.when(word.is_null()).then(pl.lit(default, dtype=pl.String)).otherwise(known),
        word.is_not_null() & known.is_null(),
        rule,
        f"{' or '.join(places)} is none of {', '.join(sorted(meanings))}",
    )


def must_have(*names: str, rule: str, remedy: str = "") -> Rule:
    """Refuses a record that lacks one of these fields or has an empty one."""
    is_missing = pl.any_horizontal(pl.col(name).is_null() | (pl.col(name) == "") for name in names)
    return Rule(rule, is_missing, f"{' or '.join(names)} is missing{'; ' if remedy else ''}{remedy}")
