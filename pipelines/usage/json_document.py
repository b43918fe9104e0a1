"""A usage file that is one JSON document -> its records, each as the text that stands in the file.

The records of a document are the items of its list, or it is one record itself. Only where they begin and end is found
here (msgspec skips over them, at a gigabyte a second); they are parsed as lines of JSON are, and only then.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NoReturn

import msgspec
import numpy as np
import pyarrow as pa

from pipelines.usage.file_content import UTF8_BOM, Content
from pipelines.usage.importer import Importer
from pipelines.usage.line_tables import CHUNK_BYTES, text_table

MAX_DOCUMENT_BYTES = 512 << 20
"""It lies in memory while it is cut."""
MAX_MENDED_BYTES = 64 << 20
"""A broken document of more is not looked through for where it breaks: that takes ten times its size."""
FREE_COMMAS, BYTES_PER_COMMA = 1 << 20, 8
"""Each record takes more memory than the text of a tiny one, and no record of usage has so many commas."""
LARGE_RECORD_BYTES = 8 << 20
"""A record of more is cut, where its format can be."""
REMEDY = "mend it there, or save its records as JSON lines, where each is read by itself"
_BLANKS = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)

Text = bytes | memoryview | msgspec.Raw


def document_tables(content: Content, importer: Importer) -> Iterator[pa.Table]:
    """Records in tables of LINE_SCHEMA, whose source_line is the number of the record.

    Raises ValueError for a document that is too large, cut off, or no JSON.
    """
    records = records_of_document(_whole(content))
    for texts in _chunks(cut_records(records, importer)):
        ends = np.cumsum([len(memoryview(text)) for _, text in texts])
        numbers = np.array([number for number, _ in texts], np.int64)
        yield text_table(numbers, b"".join(text for _, text in texts), ends, MAX_DOCUMENT_BYTES)


def records_of_document(data: bytes) -> Sequence[Text]:
    """The texts of the records. Raises ValueError with the line and column where a document is no JSON."""
    text = memoryview(data)[len(UTF8_BOM) :] if data.startswith(UTF8_BOM) else memoryview(data)
    commas = data.count(b",")
    if commas > FREE_COMMAS and commas * BYTES_PER_COMMA > len(data):
        raise ValueError(f"the JSON document is made of {commas} tiny values, so it is no list of records")
    try:
        # What is not a list is one record, whatever it is.
        if bytes(text[:1024]).lstrip().startswith(b"["):
            return msgspec.json.decode(text, type=list[msgspec.Raw])
        return [msgspec.json.decode(text, type=msgspec.Raw)]
    except msgspec.DecodeError:
        if len(data) > MAX_MENDED_BYTES:
            limit = f"{MAX_MENDED_BYTES >> 20} MiB"
            raise ValueError(f"the JSON document is broken, and too large (over {limit}) to say where") from None
        return _records_one_by_one(bytes(text).decode())
    except RecursionError:
        raise ValueError(f"the JSON document is nested too deeply; {REMEDY}") from None


def cut_records(records: Iterable[Text], importer: Importer) -> Iterator[tuple[int, Text]]:
    """Records with their numbers; a large one as several, where its format says how."""
    for number, record in enumerate(records, 1):
        if importer.cut and len(memoryview(record)) > LARGE_RECORD_BYTES:
            yield from ((number, part) for part in importer.cut(bytes(record), LARGE_RECORD_BYTES))
        else:
            yield number, record


def _whole(content: Content) -> bytes:
    if content.size_bytes > MAX_DOCUMENT_BYTES:
        raise ValueError(f"a JSON document of more than {MAX_DOCUMENT_BYTES >> 20} MiB; make it JSON lines")
    data = b"".join(content.blocks())
    if content.damage:
        raise ValueError(content.damage)
    return data


def _chunks(texts: Iterable[tuple[int, Text]]) -> Iterator[list[tuple[int, Text]]]:
    chunk: list[tuple[int, Text]] = []
    size = 0
    for number, text in texts:
        chunk.append((number, text))
        size += len(memoryview(text))
        if size >= CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    yield chunk


def _records_one_by_one(text: str) -> list[Text]:
    """The same by the standard library, thirty times as slow: NaN passes, and an error says its line and column."""
    start = _behind_blanks(text, 0)
    if not text.startswith("[", start):
        end = _end_of_value(text, start)
        _expect(text, "", end, "Extra data")
        return [text[start:end].encode()]
    records: list[Text] = []
    place = _behind_blanks(text, start + 1)
    while records or not text.startswith("]", place):
        end = _end_of_value(text, place)
        records.append(text[place:end].encode())
        place = _behind_blanks(text, end)
        if text.startswith("]", place):
            break
        place = _behind_blanks(text, _expect(text, ",", place, "Expecting ',' delimiter"))
    _expect(text, "", place + 1, "Extra data")
    return records


def _end_of_value(text: str, start: int) -> int:
    try:
        return _DECODER.raw_decode(text, start)[1]
    except json.JSONDecodeError as error:
        _refuse(error.msg, text, error.pos)
    except RecursionError:
        raise ValueError(f"the JSON document is nested too deeply; {REMEDY}") from None


def _expect(text: str, token: str, place: int, message: str) -> int:
    """The place behind a token; an empty one is the end of the text."""
    place = _behind_blanks(text, place)
    if (not token and place < len(text)) or not text.startswith(token, place):
        _refuse(message, text, place)
    return place + len(token)


def _behind_blanks(text: str, place: int) -> int:
    found = _BLANKS.match(text, place)
    return found.end() if found else place


def _refuse(message: str, text: str, place: int) -> NoReturn:
    raise ValueError(f"the JSON document is broken: {json.JSONDecodeError(message, text, place)}; {REMEDY}")
