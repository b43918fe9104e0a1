"""TOML files that a user writes by hand: bytes -> values and the line of each, mistakes told with file, line, remedy.

`tomllib` gives no lines, so each statement of the file is read once more on its own, which tells where it begins. What
the keys mean is for the module of each file.
"""

import re
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from pipelines.models.user_csv import UserFileError


class Statement(NamedTuple):
    """A key or a [[header]] of the file, and the line on which it begins."""

    line: int
    name: str
    is_header: bool


def toml_statements(path: Path, content: bytes, max_lines: int, what: str) -> tuple[dict[str, Any], list[Statement]]:
    """The values by key, and the statements in the order of the file. Fractions are Decimal.

    `path` is how messages name the file, `what` what they say of one that is too long. Raises UserFileError.
    """
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise UserFileError(f"{path}: byte {error.start + 1} is not UTF-8; save the file as UTF-8") from error
    rows = text.split("\n")
    if len(rows) > max_lines:
        raise UserFileError(f"{path} has more than {max_lines} lines; {what}")
    try:
        stated = tomllib.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError) as error:  # a number of too many digits is a ValueError alone
        where = re.search(r"line (\d+)", str(error))
        line = where[1] if where else len(text.splitlines())
        raise UserFileError(
            f"{path} line {line}: this is no TOML ({error}); write key = value, texts in quotes"
        ) from error
    return stated, _statements(rows)


def shown(value: Any) -> str:
    """A value as the file may write it, cut."""
    text = repr(value) if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= 60 else f"{text[:60]}…"


def _statements(rows: list[str]) -> list[Statement]:
    statements: list[Statement] = []
    begun = 1
    for number in range(1, len(rows) + 1):
        try:
            part = tomllib.loads("\n".join(rows[begun - 1 : number]))
        except tomllib.TOMLDecodeError:  # a value goes on in the next line
            continue
        is_header = rows[begun - 1].lstrip().startswith("[")
        statements += [Statement(begun, name, is_header) for name in part]
        begun = number + 1
    return statements
