"""A usage file on disk -> its bytes. Knows gzip and zstd; nothing of lines (line_tables) or log formats.

Everything is streamed: a file of any size and a decompression bomb are read in bounded memory.
"""

import gzip
import hashlib
import io
import os
import stat
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from backports import zstd

KEPT_BYTES = 64 << 20
READ_BYTES = 1 << 20
MAX_LINE_BYTES = 16 << 20
MAX_EXPANSION = 200
"""Times that a compressed file may grow: logs grow ten to fifty times. What lies beyond is left and told."""
FREE_EXPANSION_BYTES = 256 << 20
"""So far a small file may grow all the same."""
MAX_PIECE_LINES = 250_000
"""A piece of more lines is handed on in parts: each line takes far more memory than its bytes."""
GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
UTF8_BOM = b"\xef\xbb\xbf"
DAMAGED = (EOFError, gzip.BadGzipFile, zlib.error, zstd.ZstdError)


class Content:
    """The decompressed bytes of one file. `sha256` names them, so that the same log compressed or not is one import.

    Reads the file once for the hash, and keeps the bytes if they are few. Raises OSError where it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.damage = ""
        """Why the end of a compressed file is not among its bytes."""
        digest = hashlib.sha256()
        self._kept: list[bytes] | None = []
        self.size_bytes = 0
        for block in self._read():
            digest.update(block)
            self.size_bytes += len(block)
            if self.size_bytes > KEPT_BYTES:
                self._kept = None
            elif self._kept is not None:
                self._kept.append(block)
        self.sha256 = digest.hexdigest()

    def blocks(self) -> Iterator[bytes]:
        """The bytes in order, up to where the file is damaged."""
        return iter(self._kept) if self._kept is not None else self._read()

    def pieces(self, size: int) -> Iterator[bytes]:
        """The same in pieces of about `size` bytes, smaller where lines are many; the last may be empty."""
        blocks: list[bytes] = []
        joined = lines = 0
        for block in self.blocks():
            blocks.append(block)
            joined += len(block)
            # Three times as fast as bytes.count.
            lines += int(np.count_nonzero(np.frombuffer(block, np.uint8) == ord("\n")))
            if joined >= size or lines >= MAX_PIECE_LINES:
                yield b"".join(blocks)
                blocks, joined, lines = [], 0, 0
        yield b"".join(blocks)

    def _read(self) -> Iterator[bytes]:
        with opened(self._path) as raw:
            stream = decompressed(raw)
            left = most_bytes(raw) if stream is not raw else None
            while True:
                try:
                    if left == 0:
                        if stream.read1(1):
                            self.damage = f"the rest of the file was left: it grows more than {MAX_EXPANSION} times"
                        return
                    # read1, not read: read would throw away good data when the end of a stream is missing.
                    block = stream.read1(READ_BYTES if left is None else min(READ_BYTES, left))
                except DAMAGED as error:
                    self.damage = f"the rest of the file is missing: {error!s:.80}"
                    return
                if not block:
                    return
                left = None if left is None else left - len(block)
                yield block


def opened(path: Path) -> io.BufferedReader:
    """A file for reading. Raises OSError, and ValueError for a pipe or a device: reading one may never end."""
    # Without waiting, because opening a pipe waits for its writer.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    raw = open(descriptor, "rb")  # noqa: PTH123, SIM115 - a descriptor, and the caller closes it
    kind = os.fstat(descriptor).st_mode
    if stat.S_ISREG(kind):
        return raw
    raw.close()
    raise ValueError("it is no regular file but a pipe, a device or a socket; save what it gives as a file")


def most_bytes(raw: io.BufferedReader) -> int:
    """How many bytes are read of a compressed file."""
    return max(FREE_EXPANSION_BYTES, MAX_EXPANSION * os.fstat(raw.fileno()).st_size)


def decompressed(raw: io.BufferedReader) -> gzip.GzipFile | zstd.ZstdFile | io.BufferedReader:
    """A stream of plain bytes, by the first bytes of the file and never by its name."""
    magic = raw.peek(4)[:4]
    if magic.startswith(GZIP_MAGIC):
        return gzip.GzipFile(fileobj=raw)
    return zstd.ZstdFile(raw) if magic == ZSTD_MAGIC else raw
