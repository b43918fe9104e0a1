"""A usage file on disk -> numbered lines. Knows bytes, gzip and UTF-8; nothing about any log format.

Everything is streamed: a file of any size, a line of any length and a decompression bomb are read in
constant memory. What cannot be read becomes a `BrokenLine`, so that it can be shown, never an exception.
"""

import gzip
import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

CHUNK_BYTES = 1 << 20
MAX_LINE_BYTES = 16 << 20
HEAD_BYTES = 320
GZIP_MAGIC = b"\x1f\x8b"
UTF8_BOM = b"\xef\xbb\xbf"
DAMAGED_GZIP = (EOFError, gzip.BadGzipFile, zlib.error)


@dataclass(frozen=True)
class Line:
    """One line without its line end; numbers start at 1 and count blank lines too."""

    number: int
    text: str


@dataclass(frozen=True)
class BrokenLine:
    """A line that could not be read, with the rule that it breaks and its first characters, escaped."""

    number: int
    rule: str
    detail: str
    head: str


class LineReader:
    """Reads a plain or gzip file once, line by line; after that `content_hash` names its content."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._digest = hashlib.sha256()
        self._damage = ""

    @property
    def content_hash(self) -> str:
        """Sha256 of the decompressed bytes read so far, so that the same log zipped or not is one import."""
        return self._digest.hexdigest()

    def __iter__(self) -> Iterator[Line | BrokenLine]:
        """Lines in file order, blank ones left out. Raises OSError where the file itself cannot be opened."""
        number = 1
        pending = bytearray()
        dropped = 0
        for chunk in self._chunks():
            *ends, rest = chunk.split(b"\n")
            for end in ends:
                yield from _line(number, bytes(pending + end) if pending else end, dropped)
                pending.clear()
                number, dropped = number + 1, 0
            pending += rest
            if len(pending) > MAX_LINE_BYTES:
                dropped += len(pending) - HEAD_BYTES
                del pending[HEAD_BYTES:]
        if self._damage:
            detail = f"the rest of the file is missing: {self._damage}"
            yield BrokenLine(number, "file_truncated", detail, head_of(bytes(pending)))
        else:
            yield from _line(number, bytes(pending), dropped)

    def _chunks(self) -> Iterator[bytes]:
        with self._path.open("rb") as raw:
            is_gzip = raw.peek(2)[:2] == GZIP_MAGIC
            stream = gzip.GzipFile(fileobj=raw) if is_gzip else raw
            # read1, not read: read would throw away good data when the end of a gzip stream is missing.
            while chunk := self._read(stream):
                self._digest.update(chunk)
                yield chunk

    def _read(self, stream: gzip.GzipFile | BufferedReader) -> bytes:
        try:
            return stream.read1(CHUNK_BYTES)
        except DAMAGED_GZIP as error:
            self._damage = str(error) or type(error).__name__
            return b""


def _line(number: int, raw: bytes, dropped: int) -> Iterator[Line | BrokenLine]:
    if dropped or len(raw) > MAX_LINE_BYTES:
        detail = f"{len(raw) + dropped} bytes, the limit is {MAX_LINE_BYTES}"
        yield BrokenLine(number, "line_too_long", detail, head_of(raw))
        return
    raw = (raw.removeprefix(UTF8_BOM) if number == 1 else raw).removesuffix(b"\r")
    if not raw.strip():
        return
    try:
        yield Line(number, raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        yield BrokenLine(number, "invalid_utf8", f"byte {error.start + 1}: {error.reason}", head_of(raw))


def head_of(raw: bytes) -> str:
    """The first bytes as text that is safe to print: bytes that are not UTF-8 are escaped."""
    return raw[:HEAD_BYTES].decode("utf-8", errors="backslashreplace")[:HEAD_BYTES]
