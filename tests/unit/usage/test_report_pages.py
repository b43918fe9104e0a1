"""Pages of buckets: one row per result, and what is told of a report that goes on."""

import polars as pl
import pytest

from pipelines.usage.report_pages import IS_CUT, page_reader, without_pages_that_go_on

READ = page_reader("start", "end", {"tokens": "tokens", "deep": "a.b.c"})


def bucket(start, *results):
    return {"start": start, "end": start + 1, "results": list(results)}


def test_a_row_per_result_and_one_per_page():
    one, other = {"tokens": 5, "a": {"b": {"c": 7}}}, {"tokens": 6}
    page = {"data": [bucket(1, one), bucket(2, other)], "has_more": True}
    assert list(READ(page)) == [
        {"starts": 1, "ends": 2, "result": one, "tokens": 5, "deep": 7},
        {"starts": 2, "ends": 3, "result": other, "tokens": 6, "deep": None},
        {"starts": 2, "ends": 3, "has_more": True},
    ]


def test_a_bucket_outside_of_a_page_tells_nothing_of_the_report():
    result = {"tokens": 5}
    assert list(READ(bucket(1, result))) == [{"starts": 1, "ends": 2, "result": result, "tokens": 5, "deep": None}]


@pytest.mark.parametrize("inner", [None, 5, [], {"b": None}, {"b": []}])
def test_what_is_no_object_holds_nothing(inner):
    (row,) = READ(bucket(1, {"a": inner}))
    assert row["deep"] is None


@pytest.mark.parametrize(
    "page", [{"data": {}}, {"data": None}, {"data": [5]}, {"data": [{"start": 1}]}, bucket(1, "x"), {}]
)
def test_other_shapes_are_refused(page):
    with pytest.raises(ValueError, match=r"data|bucket|result"):
        list(READ(page))


@pytest.mark.parametrize(
    ("flags", "told"),
    [(["true"], 1), (["false"], 0), (["true", "false"], 0), (["false", "true"], 1), (["true", "true"], 1)],
)
def test_only_the_last_page_of_a_file_tells(flags, told):
    rows = [("f", line, flag, None) for line, flag in enumerate(flags, 1)] + [("f", 1, None, 5)]
    records = pl.DataFrame(rows, schema=["import_id", "source_line", "has_more", "tokens"], orient="row")
    kept = without_pages_that_go_on(records)
    assert kept["tokens"].drop_nulls().to_list() == [5]
    assert kept.select(IS_CUT.is_broken.sum()).item() == told
