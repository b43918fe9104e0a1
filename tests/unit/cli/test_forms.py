"""Every command that answers has its rows in every form, by the one way of `cli.rows`; the others do something."""

import csv
import io
import json

import polars as pl
import pytest
import typer
from typer.testing import CliRunner

from pipelines.cli.main import app

FORMS = {"--json", "--csv", "--parquet", "--limit"}
ACTS = {
    *("run", "build", "demo", "import", "rebuild", "backup", "restore", "usage reread"),
    *("sources load", "sources accept", "sources reparse", "alerts silence", "alerts test"),
    *("report", "data-docs", "dictionary", "export focus", "export sku-prices", "export prices"),
}
"""What changes a warehouse, sends, or writes a document: it tells what it did."""


def commands(group, prefix=""):
    for name, command in group.commands.items():
        path = f"{prefix}{name}"
        if hasattr(command, "commands"):
            yield from commands(command, f"{path} ")
        else:
            yield path, {option for parameter in command.params for option in parameter.opts}


COMMANDS = dict(commands(typer.main.get_command(app)))


@pytest.mark.parametrize("name", sorted(COMMANDS.keys() - ACTS))
def test_a_command_that_answers_has_every_form(name):
    assert FORMS - COMMANDS[name] == set()


def test_what_acts_is_named_once_and_there():
    assert ACTS - COMMANDS.keys() == set()
    assert {name for name in ACTS if FORMS & COMMANDS[name]} == set()


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    file = tmp_path_factory.mktemp("series") / "daily.csv"
    lines = (f"2026-{1 + n // 28:02}-{1 + n % 28:02},{10 + n % 7 + n % 3}" for n in range(112))
    file.write_text("day,usd\n" + "\n".join(lines))
    return file


def answered(folder, command, *options):
    result = CliRunner().invoke(app, ["--warehouse", str(folder), *command, *options])
    assert result.exit_code in {0, 1}, result.output
    return result.stdout


@pytest.mark.parametrize("name", ["price", "backtest", "doctor"])
def test_the_forms_hold_the_same_rows(name, tmp_path, series):
    command, rows_of_json = {
        "price": (["price", "gpt-5", "--input", "1000", "--output", "7"], lambda answer: answer["lines"]),
        "backtest": (["backtest", str(series), "--horizon", "7"], lambda answer: answer["methods"]),
        "doctor": (["doctor"], lambda answer: answer),
    }[name]
    rows = rows_of_json(json.loads(answered(tmp_path, command, "--json")))
    assert len(rows) > 1
    first = rows_of_json(json.loads(answered(tmp_path, command, "--json", "--limit", "1")))
    assert [one.keys() for one in first] == [rows[0].keys()]
    lines = list(csv.DictReader(io.StringIO(answered(tmp_path, command, "--csv"))))
    assert (len(lines), set(lines[0]) - set().union(*rows)) == (len(rows), set())
    assert answered(tmp_path, command, "--parquet", str(tmp_path / "rows.parquet"), "--limit", "1") == ""
    assert pl.read_parquet(tmp_path / "rows.parquet").height == 1


def test_the_price_of_a_request_in_csv_has_all_digits(tmp_path):
    text = answered(tmp_path, ["price", "gpt-5", "--cache-read", "1"], "--csv")
    (line,) = csv.DictReader(io.StringIO(text))
    assert (line["meter"], line["quantity"], line["cost_usd"]) == ("cache_read", "1", "0.000000125")


def test_a_doctor_that_shows_few_lines_still_says_how_many_need_a_look(tmp_path):
    whole, short = answered(tmp_path, ["doctor"]), answered(tmp_path, ["doctor"], "--limit", "1")
    assert whole.splitlines()[-1] == short.splitlines()[-1]
    assert len(short.splitlines()) <= 3
