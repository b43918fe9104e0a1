"""Whatever type a statement gives: rows that can be shown, and written as JSON and CSV."""

import json

import duckdb
import pytest

from pipelines.cli.rows import show_rows
from pipelines.warehouse.statement_rows import rows_of


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("INTERVAL 3 DAY", "3 days"),
        ("{'a': INTERVAL 1 DAY}", "{'a': 1 day}"),
        ("[INTERVAL 1 DAY]", "[1 day]"),
        ("TIMETZ '10:00:00+02'", "10:00:00+02"),
        (r"'x\x00y'::BLOB", r"x\x00y"),
        ("'0101'::BIT", "0101"),
        ("12345678901234567890123456789012345678901234::BIGNUM", "12345678901234567890123456789012345678901234"),
        ("union_value(num := 2)", "2"),
        ("DATE 'infinity'", "infinity"),
        ("TIMESTAMP '-infinity'", "-infinity"),
        ("TIMESTAMP_NS '2026-01-01'", "2026-01-01 00:00:00"),
        ("DATE '9999-12-31'", "9999-12-31"),
        ("1.10::DECIMAL(5,2)", "1.10"),
        ("12345678901234567890123456789::HUGEINT", "12345678901234567890123456789"),
        (f"{2**127 - 1}::HUGEINT", str(2**127 - 1)),
        (f"({-(2**127)})::HUGEINT", str(-(2**127))),
        (f"{2**128 - 1}::UHUGEINT", str(2**128 - 1)),
    ],
)
def test_a_value_of_any_type_is_json_and_csv_with_its_name(value, text, capsys):
    frame = rows_of(duckdb.sql(f'SELECT {value} AS v, 1 AS "a""b"'))
    show_rows(frame, as_json=True)
    assert json.loads(capsys.readouterr().out) == [{"v": text, 'a"b': 1}]
    show_rows(frame, as_csv=True)
    assert capsys.readouterr().out.startswith('v,"a""b"\n')
    show_rows(frame)
    assert text in capsys.readouterr().out


@pytest.mark.parametrize(
    ("value", "found"),
    [("MAP {'a': 1}", {"a": 1}), ("[1, 2]::INT[2]", [1, 2]), ("{'a': [NULL, 'x']}", {"a": [None, "x"]})],
)
def test_nested_values_stay_data_in_json_and_become_json_in_csv(value, found, capsys):
    frame = rows_of(duckdb.sql(f"SELECT {value} AS v"))
    show_rows(frame, as_json=True)
    assert json.loads(capsys.readouterr().out) == [{"v": found}]
    show_rows(frame, as_csv=True)
    line = capsys.readouterr().out.splitlines()[1]
    assert json.loads(line.strip('"').replace('""', '"')) == found


def test_two_columns_of_one_name_are_told_apart():
    assert rows_of(duckdb.sql("SELECT 1 AS a, INTERVAL 1 DAY AS a")).row(0) == (1, "1 day")
