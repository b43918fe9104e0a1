"""Catalogues on disk: files of JSON lines that are only ever appended to. What a line says is for their owners.

Each line carries a hash of itself, so that a half written or changed line is told and never believed.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.warehouse.atomic_file import sync

CHECK = "line_check"
"""Key of the hash of the rest of a line; the last one."""
PRIVATE = 0o600


@dataclass(frozen=True)
class Lines:
    """What a catalogue says, in the order of writing; `damaged`: numbers of the lines that cannot be believed.

    A killed process may leave its last line half written: what it was about to say had not happened yet.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    damaged: list[int] = field(default_factory=list)


def append_lines(file: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Add lines in one write; they are on the disk before this returns. Dates become texts.

    What was half written before stays a line of its own. Raises OSError where the file cannot be written.
    """
    text = b"".join(_line(row) for row in rows)
    if not text:
        return
    is_new = not file.exists()
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, PRIVATE)
    try:
        size = os.fstat(descriptor).st_size
        is_torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
        rest = memoryview(b"\n" + text if is_torn else text)
        while rest:  # a full disk may take the first part only, and then says so
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if is_new:
        sync(file.parent)


def read_lines(file: Path) -> Lines:
    """All lines that can be believed. A file that is not there has none."""
    found = Lines()
    if not file.exists():
        return found
    for number, text in enumerate(file.read_bytes().split(b"\n"), 1):
        if not text:
            continue
        row = _believed(text)
        if row is None:
            found.damaged.append(number)
        else:
            found.rows.append(row)
    return found


def _line(row: Mapping[str, Any]) -> bytes:
    plain = json.loads(json.dumps(dict(row), default=str))
    return json.dumps(plain | {CHECK: _check(plain)}).encode() + b"\n"


def _believed(text: bytes) -> dict[str, Any] | None:
    try:
        row = json.loads(text)
    except ValueError:
        return None
    if not isinstance(row, dict) or row.pop(CHECK, None) != _check(row):
        return None
    return row


def _check(row: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(row).encode()).hexdigest()[:16]
