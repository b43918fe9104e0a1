"""One answer in every form: the same rows in each, as many as asked for, and only one form at a time."""

import csv
import io
import json

import polars as pl
import pytest
import typer

from pipelines.cli.answer import give_answer

ROWS = [
    {"model": "a, \"b\"", "usd": "1.250000000001", "ids": ["x", "y"], "share": None},
    {"model": "c", "usd": "2", "ids": [], "share": 0.5},
]  # fmt: skip
ANSWER = {"date": "2026-10-10", "rows": ROWS, "notes": []}


def given(answer=None, **options):
    printed = []
    asked = {"as_json": False, "as_csv": False, "parquet": None, "limit": None} | options
    give_answer(answer or ANSWER, "rows", lambda _, shown: printed.append(shown), **asked)
    return printed


def test_people_get_the_whole_answer_with_as_many_rows_as_asked():
    assert given() == [ANSWER]
    assert given(limit=1) == [ANSWER | {"rows": ROWS[:1]}]


def test_json_is_the_whole_answer(capsys):
    assert given(as_json=True, limit=1) == []
    assert json.loads(capsys.readouterr().out) == ANSWER | {"rows": ROWS[:1]}


def test_csv_and_parquet_are_the_rows_with_all_digits(capsys, tmp_path):
    given(as_csv=True)
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["model"] for row in rows] == ['a, "b"', "c"]
    assert [row["usd"] for row in rows] == ["1.250000000001", "2"]
    assert (json.loads(rows[0]["ids"]), rows[0]["share"]) == (["x", "y"], "")
    given(parquet=tmp_path / "rows.parquet", limit=1)
    assert pl.read_parquet(tmp_path / "rows.parquet").to_dicts() == ROWS[:1]


def test_an_answer_without_a_list_is_one_row(capsys):
    given({"trace": "t", "cached_share": "0.4"}, as_csv=True, limit=5)
    assert capsys.readouterr().out == "trace,cached_share\nt,0.4\n"


def test_a_file_in_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(typer.BadParameter, match="make it first"):
        given(parquet=tmp_path / "none" / "x.parquet")


def test_notes_go_beside_rows_for_a_program(capsys):
    given(ANSWER | {"notes": ["by a scenario"]}, as_csv=True)
    assert capsys.readouterr().err == "note: by a scenario\n"


def test_one_form_at_a_time(tmp_path):
    with pytest.raises(typer.BadParameter, match="at a time"):
        given(as_csv=True, parquet=tmp_path / "x.parquet")
