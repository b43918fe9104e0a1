"""What a usage file is: its form, and which of the formats that can be imported. By content, never by name."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.usage.batches import printable
from pipelines.usage.delimited import cells_of, delimiter_of
from pipelines.usage.file_content import DAMAGED, MAX_LINE_BYTES, UTF8_BOM, decompressed, most_bytes, opened
from pipelines.usage.file_faults import FILE_FAULTS, told
from pipelines.usage.file_outcome import FileOutcome
from pipelines.usage.formats import IMPORTERS
from pipelines.usage.importer import Importer
from pipelines.usage.json_document import LARGE_RECORD_BYTES, MAX_DOCUMENT_BYTES, records_of_document
from pipelines.usage.json_fields import names_of, read_json
from pipelines.usage.records import PARQUET_MAGIC, Form
from pipelines.usage.report_pages import cut_page

HEAD_OF_FILE = 128 << 10
SAMPLE_LINES = 50
MAX_REASON = 300
MAX_NAMES = 5
FORM_WORDS: dict[Form, str] = {
    "json_lines": "JSON lines",
    "json": "a JSON document",
    "delimited": "a table with a header",
    "parquet": "a Parquet table",
}


class UnknownFormat(Exception):  # noqa: N818 - the domain's word; it names what the file is
    """The file is none of the formats that can be imported; the message names file, form and remedy, no text of it."""


class UnreadableFile(UnknownFormat):
    """Nobody can tell what the file is: it is empty or damaged."""


@dataclass(frozen=True)
class FileFormat:
    """How a file is read, and by which importer."""

    form: Form
    importer: Importer


def recognised_files(
    paths: Sequence[Path], format_name: str | None = None
) -> tuple[dict[Path, FileFormat], dict[Path, FileOutcome]]:
    """What each file is, and why the others cannot be imported."""
    known: dict[Path, FileFormat] = {}
    refused: dict[Path, FileOutcome] = {}
    for path in paths:
        try:
            known[path] = recognise(path, printable(path), format_name)
        except UnreadableFile as error:
            refused[path] = FileOutcome(path, "refused", reason=str(error))
        except UnknownFormat as error:
            refused[path] = FileOutcome(path, "not_recognised", reason=str(error))
        except FILE_FAULTS as error:
            refused[path] = FileOutcome(path, "refused", reason=f"{printable(path)}: {told(error)}")
    return known, refused


def recognise(path: Path, file_name: str, format_name: str | None = None) -> FileFormat:
    """The form of a file, and the importer for what its first records hold. `format_name` overrides the latter.

    Raises UnknownFormat for an empty file, an unknown `format_name`, and content that no importer or more than one
    recognises; OSError for a file that cannot be opened.
    """
    forced = _named(file_name, format_name)
    head = _head(path)
    if not head.strip(b"\r\n\t \xef\xbb\xbf"):
        raise UnreadableFile(f"{file_name}: the file holds no line. {_remedy()}")
    form = _form(head)
    samples = _samples(path, form, head)
    try:
        found = _recognised(file_name, form, samples) if forced is None else _fitting(file_name, forced, samples)
    except FILE_FAULTS as error:
        if forced:  # Reading it says what is wrong, and costs a file of lines only those.
            return FileFormat(form, forced)
        raise UnreadableFile(f"{file_name} {_unknown(form)}: {told(error)[:MAX_REASON]}") from None
    return FileFormat(form, found)


def _recognised(file_name: str, form: Form, samples: Iterator[frozenset[str]]) -> Importer:
    """The importer whose signature matched most names of the first record that any importer knows."""
    best: dict[str, int] = {}
    met: set[str] = set()
    for names in samples:
        met |= names
        for importer in IMPORTERS:
            matched = max((len(signature) for signature in importer.signatures if signature <= names), default=0)
            best[importer.name] = max(matched, best.get(importer.name, 0))
        if any(best.values()):
            break
    return _best(file_name, _unknown(form, met), best)


def _named(file_name: str, format_name: str | None) -> Importer | None:
    if format_name is None:
        return None
    for importer in IMPORTERS:
        if importer.name == format_name:
            return importer
    raise UnknownFormat(f"{file_name}: there is no format {format_name!a}. {_remedy()}")


def _fitting(file_name: str, forced: Importer, samples: Iterator[frozenset[str]]) -> Importer:
    """The importer that was asked for, unless nothing in the file is of its format."""
    names = {*forced.fields.values(), *(name for signature in forced.signatures for name in signature)}
    has_sample = False
    for sample in samples:
        has_sample = True
        if names & sample:
            return forced
    if has_sample:
        raise UnknownFormat(f"{file_name} is not {forced.name}: nothing of that format is in it. {_remedy()}")
    return forced


def _best(file_name: str, unknown: str, best: dict[str, int]) -> Importer:
    """The importer whose signature matched most names."""
    most = max(best.values(), default=0)
    found = [importer for importer in IMPORTERS if most and best.get(importer.name) == most]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(importer.name for importer in found)
        raise UnknownFormat(f"{file_name} may be {names}. Name one with --format.")
    raise UnknownFormat(f"{file_name} {unknown}. {_remedy()}")


def _unknown(form: Form, met: Collection[str] = ()) -> str:
    """What is told of a file that nobody knows: its form, and names that this program knows, not the file's own."""
    known = sorted({name for importer in IMPORTERS for one in importer.signatures for name in one}.intersection(met))
    has = f" with {', '.join(known[:MAX_NAMES])}" if known else ""
    return f"is no format that can be imported; it was read as {FORM_WORDS[form]} of {len(met)} names{has}"


def _head(path: Path) -> bytes:
    """The first decompressed bytes: enough to see the form, and the first records of most files."""
    with opened(path) as raw:
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
        holds_objects = any(_object(line) is not None for line in start.splitlines() if line.startswith(b"{"))
        return "json_lines" if holds_objects else "delimited"
    lines = start.split(b"\n", SAMPLE_LINES)
    # A single line that is cut by the end of the head is a long line, not a document.
    is_one_long_line = len(lines) == 1 and len(head) >= HEAD_OF_FILE
    # An object on an indented line is part of a document.
    holds_objects = any(_object(line) is not None for line in lines if line.startswith(b"{"))
    return "json_lines" if is_one_long_line or holds_objects else "json"


def _object(line: bytes) -> dict[str, Any] | None:
    """The object that a text is; None where it is none."""
    try:
        value = read_json(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _samples(path: Path, form: Form, head: bytes) -> Iterator[frozenset[str]]:
    """The names that the first records hold, record by record. Raises ValueError for a file that is bad as a whole."""
    if form == "parquet":
        yield frozenset(_struct_names(pq.read_schema(path)))
    elif form == "delimited":
        line = head.decode("utf-8-sig", errors="replace").splitlines()[0]
        yield frozenset(cells_of(line, delimiter_of(line)))
    else:
        for record in map(_object, _documents(path) if form == "json" else _lines(path)):
            if record is not None:
                yield names_of(record)


def _lines(path: Path) -> Iterator[bytes]:
    """The first lines, long ones too: a page of a report is one line of megabytes."""
    with opened(path) as raw:
        stream = decompressed(raw)
        for _ in range(SAMPLE_LINES):
            try:
                line = stream.readline(MAX_LINE_BYTES)
            except DAMAGED:
                return
            yield line.removeprefix(UTF8_BOM)


def _documents(path: Path) -> Iterator[bytes]:
    """The first records of a document; of a page, which may be all of it, the first parts."""
    with opened(path) as raw:
        try:
            data = decompressed(raw).read(min(MAX_DOCUMENT_BYTES, most_bytes(raw)) + 1)
        except DAMAGED as error:
            raise ValueError(f"the rest of the file is missing: {error!s:.80}") from None
    for record in records_of_document(data)[:SAMPLE_LINES]:
        yield from islice(cut_page(bytes(record), LARGE_RECORD_BYTES), SAMPLE_LINES)


def _struct_names(schema: pa.Schema) -> Iterator[str]:
    for field in schema:
        yield field.name
        if pa.types.is_struct(field.type):
            yield from (f"{field.name}.{inner.name}" for inner in field.type)


def _remedy() -> str:
    return f"Name its format with --format if it is one of the {len(IMPORTERS)} that `costs formats` lists."
