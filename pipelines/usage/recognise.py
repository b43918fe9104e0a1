"""The usage formats that can be imported, and how a file is told to be one of them: by content, never by name."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.usage.delimited import cells_of, delimiter_of
from pipelines.usage.file_content import DAMAGED, HEAD_BYTES, MAX_LINE_BYTES, UTF8_BOM, decompressed, head_of
from pipelines.usage.formats import IMPORTERS
from pipelines.usage.importer import Importer
from pipelines.usage.json_fields import names_of
from pipelines.usage.records import MAX_DOCUMENT_BYTES, PARQUET_MAGIC, Form

HEAD_OF_FILE = 128 << 10
SAMPLE_LINES = 50
SHOWN_CHARACTERS = 80


class UnknownFormat(ValueError):  # noqa: N818 - the domain's word; it names what the file is
    """The file is none of the formats that can be imported; the message names file, first line and remedy."""


@dataclass(frozen=True)
class Recognised:
    """How a file is read, and by which importer."""

    form: Form
    importer: Importer


def recognise(path: Path, file_name: str, format_name: str | None = None) -> Recognised:
    """The form of a file, and the importer for what its first records hold. `format_name` overrides the latter.

    Raises UnknownFormat for an empty file, an unknown `format_name`, and content that no importer or more than one
    recognises; OSError for a file that cannot be opened.
    """
    forced = _named(file_name, format_name)
    head = _head(path)
    if not head.strip(b"\r\n\t \xef\xbb\xbf"):
        raise UnknownFormat(f"{file_name}: the file holds no line. {_remedy()}")
    form = _form(head)
    samples = _samples(path, form, head)
    if forced:
        return Recognised(form, _fitting(file_name, head, forced, list(samples)))
    best: dict[str, int] = {}
    for names in samples:
        for importer in IMPORTERS:
            matched = max((len(signature) for signature in importer.signatures if signature <= names), default=0)
            best[importer.name] = max(matched, best.get(importer.name, 0))
        if any(best.values()):
            break
    return Recognised(form, _best(file_name, head, best))


def _named(file_name: str, format_name: str | None) -> Importer | None:
    if format_name is None:
        return None
    for importer in IMPORTERS:
        if importer.name == format_name:
            return importer
    raise UnknownFormat(f"{file_name}: there is no format {format_name!a}. {_remedy()}")


def _fitting(file_name: str, head: bytes, forced: Importer, samples: list[frozenset[str]]) -> Importer:
    """The importer that was asked for, unless nothing in the file is of its format."""
    names = {*forced.fields.values(), *(name for signature in forced.signatures for name in signature)}
    if samples and not any(names & sample for sample in samples):
        raise UnknownFormat(f"{file_name} is not {forced.name}; its first line is {_shown(head)}. {_remedy()}")
    return forced


def _best(file_name: str, head: bytes, best: dict[str, int]) -> Importer:
    """The importer whose signature matched most names."""
    most = max(best.values(), default=0)
    found = [importer for importer in IMPORTERS if most and best.get(importer.name) == most]
    if len(found) == 1:
        return found[0]
    shown = _shown(head)
    if found:
        names = ", ".join(importer.name for importer in found)
        raise UnknownFormat(f"{file_name} may be {names}; its first line is {shown}. Name one with --format.")
    raise UnknownFormat(f"{file_name} is no format that can be imported; its first line is {shown}. {_remedy()}")


def _head(path: Path) -> bytes:
    """The first decompressed bytes: enough to see the form, and the first records of most files."""
    with path.open("rb") as raw:
        stream = decompressed(raw)
        pieces: list[bytes] = []
        while sum(map(len, pieces)) < HEAD_OF_FILE:
            try:
                piece = stream.read1(HEAD_OF_FILE)
            except DAMAGED:
                break
            if not piece:
                break
            pieces.append(piece)
    return b"".join(pieces)


def _form(head: bytes) -> Form:
    """JSON lines where a line is a JSON object by itself; a document where an object or list is cut by line ends."""
    if head.startswith(PARQUET_MAGIC):
        return "parquet"
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"["):
        return "json"
    if not start.startswith(b"{"):
        holds_objects = any(_is_object(line) for line in start.splitlines() if line.startswith(b"{"))
        return "json_lines" if holds_objects else "delimited"
    lines = start.split(b"\n", SAMPLE_LINES)
    # A single line that is cut by the end of the head is a long line, not a document.
    is_one_long_line = len(lines) == 1 and len(head) >= HEAD_OF_FILE
    # An object on an indented line is part of a document.
    holds_objects = any(_is_object(line) for line in lines if line.startswith(b"{"))
    return "json_lines" if is_one_long_line or holds_objects else "json"


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _samples(path: Path, form: Form, head: bytes) -> Iterator[frozenset[str]]:
    """The names that the first records hold, record by record."""
    try:
        if form == "parquet":
            yield frozenset(_struct_names(pq.read_schema(path)))
        elif form == "delimited":
            line = head.decode("utf-8-sig", errors="replace").splitlines()[0]
            yield frozenset(cells_of(line, delimiter_of(line)))
        else:
            for record in _documents(path) if form == "json" else _objects(path):
                yield names_of(record)
    except (ValueError, RecursionError, pa.ArrowException):
        return


def _objects(path: Path) -> Iterator[dict[str, object]]:
    """The objects among the first lines, long ones too: a page of a report is one line of megabytes."""
    with path.open("rb") as raw:
        stream = decompressed(raw)
        for _ in range(SAMPLE_LINES):
            try:
                line = stream.readline(MAX_LINE_BYTES)
            except DAMAGED:
                return
            if _is_object(line := line.removeprefix(UTF8_BOM)):
                yield json.loads(line)


def _documents(path: Path) -> Iterator[dict[str, object]]:
    with path.open("rb") as raw:
        data = decompressed(raw).read(MAX_DOCUMENT_BYTES)
    value = json.loads(data.decode("utf-8-sig"))
    for item in value[:SAMPLE_LINES] if isinstance(value, list) else [value]:
        if isinstance(item, dict):
            yield item


def _struct_names(schema: pa.Schema) -> Iterator[str]:
    for field in schema:
        yield field.name
        if pa.types.is_struct(field.type):
            yield from (f"{field.name}.{inner.name}" for inner in field.type)


def _shown(head: bytes) -> str:
    line = head_of(head.lstrip()[:HEAD_BYTES]).splitlines()[0]
    cut = ascii(line[:SHOWN_CHARACTERS])
    return cut + "..." if len(line) > SHOWN_CHARACTERS else cut


def _remedy() -> str:
    known = ", ".join(importer.name for importer in IMPORTERS)
    return f"Name one with --format if the file is one of them: {known} (`costs formats` says what they are)."
