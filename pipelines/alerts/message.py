"""How an alert row is made: its identity, harmless text, and figures as words. When to raise one is in the rules."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import polars as pl

from pipelines.schema.alerts import MAX_BODY, MAX_TITLE, Alert
from pipelines.schema.columns import polars_schema

UNIT_WORDS = {"mtok": "USD/Mtok", "thousand_calls": "USD per 1,000 calls"}
MAX_LISTED = 20
MAX_LINE = 200
BREAKS = {"Cc", "Zl", "Zp"}
INVISIBLE = {"Cf", "Cs", "Co", "Cn"}
"""Unicode categories: line and control characters become blanks; direction marks and the like are left out."""

MENTION = re.compile(r"(?<!\w)@|@(?!(?:\d{3,8}|default|latest)(?![\w.-]))", re.IGNORECASE)
"""An "@" that may address people or a mailbox; not the one before the version of a model."""
SCHEME = re.compile(r":(?=//)")
DOT = r"[.\uff0e\u3002\uff61]"
HOST_DOT = re.compile(
    rf"(?<=\bwww){DOT}|(?<=[\w-]){DOT}(?=(?:[^\W\d_]{{2}}|xn--[\w-]+|com|net|org|edu|gov|mil|int|info|biz|name|pro|dev|app"
    r"|cloud|site|online|shop|store|tech|xyz|top|club|live|link|click|page|web|work|world|today|news|blog|zip|mov)"
    r"(?![\w-]))",
    re.IGNORECASE,
)
"""A dot before what chat clients take for the end of a host name: "example.org", "x.ai"; not "gpt-4.1" or "us.nova"."""
MARKDOWN_LINK = re.compile(r"\](?=[(\[:])")
PLAIN_ADDRESS = re.compile(r"https://[A-Za-z0-9.-]+(?::\d+)?(?:/[A-Za-z0-9._~%/-]*)?")
"""An address without user, query or anything that could end it early."""
FULLWIDTH_AT = "\uff20"
ANGLE_QUOTE = "\u2039"
ELLIPSIS = "\u2026"
ELLIPSIS_BYTES = len(ELLIPSIS.encode())


def alert(
    rule: str,
    scope: Sequence[object],
    severity: str,
    title: str,
    lines: Sequence[str],
    subject: Sequence[object] | None = None,
    **facts: Any,
) -> dict[str, Any]:
    """One row in the columns of Alert.

    `scope` names what the alert is about and its period or version: the same rule and scope are the same alert.
    `subject` is the part of it that stays when the alert is followed by another, such as the model without the date.
    `facts` are further columns; those left out are NULL. `title` and `lines` may hold scraped text. `link`, the address
    of the page that we read ourselves, is the one address that stays a link.
    """
    return {
        "alert_id": alert_id(rule, scope),
        "rule": rule,
        "severity": severity,
        "title": one_line(title, MAX_TITLE),
        "body": several_lines(lines, facts.get("link")),
        "subject": json.dumps([rule, *map(str, scope if subject is None else subject)]),
        **facts,
    }


def alert_frame(rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
    """The rows typed as Alert, in the order given."""
    return pl.DataFrame(list(rows), schema=polars_schema(Alert), strict=True)


def alert_id(rule: str, scope: Sequence[object]) -> str:
    """32 hex digits of SHA-256 over rule and scope; JSON keeps ("a", "bc") apart from ("ab", "c")."""
    key = json.dumps([rule, *map(str, scope)], ensure_ascii=True)
    return hashlib.sha256(key.encode("ascii")).hexdigest()[:32]


def one_line(text: str, limit: int) -> str:
    """Text that no chat, mail or HTML page acts on: one line, no control characters, no mentions, links or markup.

    "<" starts both HTML tags and Slack's <!channel>, so it becomes a look-alike; so does an "@" that could
    address people, but not the one inside an id such as model@20240620.
    "](" would make a Markdown link that says one thing and leads to another. An address is written as people who warn
    of one do, "https[:]//example[.]org": it is read, and no client makes a link of it. `limit` counts UTF-8 bytes, as
    the length rules of the declarations do.
    """
    kept = []
    for char in text[: 4 * limit]:
        category = unicodedata.category(char)
        if category in BREAKS:
            kept.append(" ")
        elif category not in INVISIBLE:
            kept.append(char)
    line = " ".join("".join(kept).split())
    line = MENTION.sub(FULLWIDTH_AT, line).replace("<", ANGLE_QUOTE)
    line = HOST_DOT.sub("[.]", SCHEME.sub("[:]", MARKDOWN_LINK.sub("] ", line)))
    encoded = line.encode()
    return line if len(encoded) <= limit else encoded[: limit - ELLIPSIS_BYTES].decode(errors="ignore") + ELLIPSIS


def several_lines(lines: Sequence[str], link: str | None = None) -> str:
    """The lines, each made harmless, as many as fit; the rest is counted, not dropped in silence.

    A line that is nothing but "source: " and the `link` stays as it is.
    """
    source = f"source: {link}" if link and PLAIN_ADDRESS.fullmatch(link) else None
    shown: list[str] = []
    room = MAX_BODY - 40
    for line in lines[:MAX_LISTED]:
        clean = line if line == source else one_line(line, MAX_LINE)
        room -= len(clean.encode()) + 1
        if room < 0:
            break
        shown.append(clean)
    left_out = len(lines) - len(shown)
    return "\n".join([*shown, f"... and {left_out} more lines"] if left_out else shown)


def price_words(usd_per_unit: Decimal, unit: str) -> str:
    """A price with its unit: 1.5 per mtok is "1.50 USD/Mtok"."""
    return f"{figure_words(usd_per_unit)} {UNIT_WORDS.get(unit, 'USD per ' + unit)}"


def figure_words(amount: Decimal) -> str:
    """An exact amount without closing zeros beyond the second decimal: "1.50", "0.0125"."""
    whole, _, decimals = format(amount, "f").partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"


def usd_words(amount: Decimal, *, signed: bool = False) -> str:
    """An amount rounded to cents for reading: "-1,234.50 USD"."""
    return f"{amount:+,.2f} USD" if signed else f"{amount:,.2f} USD"


def percent_words(old: Decimal, new: Decimal) -> str:
    """The relative change, " (-25 %)", with one decimal below 1 %; "" where the old value is zero."""
    if old == 0:
        return ""
    percent = 100 * (new - old) / abs(old)
    return f" ({percent:+.0f} %)" if abs(percent) >= 1 else f" ({percent:+.1f} %)"
