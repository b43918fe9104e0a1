"""Where the records of a JSON document are, held against the standard library's reader of JSON."""

import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.usage import json_document
from pipelines.usage.file_content import Content
from pipelines.usage.formats.openai_compatible import OPENAI_COMPATIBLE
from pipelines.usage.formats.openai_costs_api import OPENAI_COSTS_API
from pipelines.usage.json_document import document_tables, records_of_document

TEXTS = st.text(st.characters(codec="utf-8"), max_size=20) | st.sampled_from(['"]', "\\", "[{", "\ud800", "\U0001f600"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)
INDENTS = st.sampled_from([None, 0, 2, "\t"])


@pytest.fixture
def tables(tmp_path):
    def read(data, importer=OPENAI_COMPATIBLE):
        path = tmp_path / "log.json"
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        rows = [row for table in document_tables(Content(path), importer) for row in table.to_pylist()]
        return [(row["source_line"], row["text"], row["fault"]) for row in rows]

    return read


@given(st.lists(VALUES), INDENTS)
def test_the_records_of_a_list_are_its_items(values, indent):
    document = json.dumps(values, indent=indent)
    found = [json.loads(bytes(text)) for text in records_of_document(document.encode())]
    assert json.dumps(found) == json.dumps(values), "NaN is not equal to itself"


@given(st.dictionaries(TEXTS, VALUES), INDENTS)
def test_an_object_is_one_record(value, indent):
    (text,) = records_of_document(json.dumps(value, indent=indent).encode())
    assert json.dumps(json.loads(bytes(text))) == json.dumps(value)


@given(VALUES, st.integers(0, 200), st.sampled_from(["", ",", "]", "}", '"', "x", "[", "\\"]))
def test_what_the_standard_library_refuses_is_refused(value, place, token):
    text = json.dumps([value], ensure_ascii=False).encode(errors="surrogatepass").decode(errors="replace")
    broken = text[:place] + token
    try:
        expected = json.loads(broken)
    except ValueError:
        with pytest.raises(ValueError, match=r"the JSON document is broken: .*line \d+ column \d+.*mend it"):
            records_of_document(broken.encode())
    else:
        found = [json.loads(bytes(text)) for text in records_of_document(broken.encode())]
        assert json.dumps(found) == json.dumps(expected if isinstance(expected, list) else [expected])


def test_a_record_is_the_text_of_the_file_with_its_number(tables):
    assert tables('\ufeff [ {"a": 1.10},\n\n{"a" : "\u20ac"}, 5 ]') == [
        (1, '{"a": 1.10}', None),
        (2, '{"a" : "\u20ac"}', None),
        (3, "5", None),
    ]


def test_nan_and_half_a_character_cost_no_other_record(tables):
    document = '[{"a": NaN}, {"a": "\\ud800"}, {"a": 1}]'
    assert [text for _, text, _ in tables(document)] == ['{"a": NaN}', '{"a": "\\ud800"}', '{"a": 1}']


def test_a_record_that_is_no_utf8_costs_no_other(tables):
    assert [(line, fault) for line, _, fault in tables(b'[{"a": "\xff"}, {"a": "b"}]')] == [
        (1, "invalid_utf8"),
        (2, None),
    ]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ('[{"a": 1},\n {"b" 2}]', r"Expecting ':' delimiter: line 2 column 7"),
        ('[{"a": 1}', r"Expecting ',' delimiter: line 1 column 10"),
        ('[{"a": 1}] x', r"Extra data: line 1 column 12"),
        ('{"a": 1} {"b": 2}', r"Extra data: line 1 column 10"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_a_broken_document_says_where(document, message):
    with pytest.raises(ValueError, match=message):
        records_of_document(document.encode())


def test_an_empty_list_has_no_records(tables):
    assert tables("[ ]") == []


def test_a_document_over_the_limit_is_refused(tables, monkeypatch):
    monkeypatch.setattr(json_document, "MAX_DOCUMENT_BYTES", 1 << 20)
    with pytest.raises(ValueError, match="more than 1 MiB; make it JSON lines"):
        tables("[" + " " * (1 << 20) + "]")


def test_a_large_page_comes_as_several_of_the_same_record(tables, monkeypatch):
    monkeypatch.setattr(json_document, "LARGE_RECORD_BYTES", 100)
    buckets = [{"start_time": n, "end_time": n + 1, "results": [{"amount": {"value": n}}]} for n in range(20)]
    small = {"data": buckets[:1], "has_more": False}
    parts = tables(json.dumps([small, {"object": "page", "data": buckets, "has_more": True}]), OPENAI_COSTS_API)
    assert [line for line, _, _ in parts] == [1] + [2] * (len(parts) - 1)
    assert len(parts) > 5
    pages = [json.loads(text) for _, text, _ in parts[1:]]
    assert [bucket for page in pages for bucket in page["data"]] == buckets
    assert [page.get("has_more") for page in pages] == [None] * (len(pages) - 1) + [True]
    rows = [row for page in pages for row in OPENAI_COSTS_API.expand(page)]
    whole = list(OPENAI_COSTS_API.expand({"data": buckets, "has_more": True}))
    assert [row for row in rows if "has_more" not in row or row["has_more"]] == whole


def test_finding_the_records_takes_little_memory_beside_the_document():
    document = b"[" + b",".join([b'{"a": {"b": [1, 2, 3], "c": "' + b"x" * 900 + b'"}}'] * 20_000) + b"]"
    tracemalloc.start()
    try:
        assert len(records_of_document(document)) == 20_000
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < len(document) / 4
