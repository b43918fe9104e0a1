"""The command line as people use it: what it prints, what it exits with, and that it says what to do next."""

import errno
import json
import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner, Result

from pipelines.cli import main as cli
from pipelines.defs.instance import open_instance
from pipelines.demo import PAGES
from pipelines.sources.catalog import SOURCES_BY_KEY
from pipelines.warehouse.database import Warehouse

FIRST = PAGES / "2026-07-29"
ANTHROPIC_PAGE = FIRST / "platform.claude.com/docs/en/about-claude/pricing.md"
LITELLM_FEED = FIRST / "raw.githubusercontent.com/BerriAI/litellm/main/model_prices_and_context_window.json"
USAGE_FILE = Path(__file__).parents[1] / "usage_files" / "openai_export.csv"


def costs(warehouse: Warehouse, *arguments: str | Path) -> Result:
    return CliRunner().invoke(cli.app, ["--warehouse", str(warehouse.folder), *map(str, arguments)])


def entered(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], warehouse: Warehouse, *arguments: str
) -> tuple[int, str]:
    """Exit code and stderr of the entry point, where expected failures become one line."""
    monkeypatch.setattr(sys, "argv", ["costs", "--warehouse", str(warehouse.folder), *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0), capsys.readouterr().err


def test_sources_list_names_every_source_with_its_page(warehouse):
    result = costs(warehouse, "sources", "list")
    assert result.exit_code == 0
    for source in SOURCES_BY_KEY.values():
        (line,) = [line for line in result.output.splitlines() if f" {source.key} " in line]
        assert source.kind in line
        assert source.urls[0][:60] in line


def test_sources_list_says_which_sources_lack_a_key_and_shows_none(warehouse, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "made-up-key")
    result = costs(warehouse, "sources", "list")
    assert "not asked: openai_models_api, as OPENAI_API_KEY is not set" in result.output.splitlines()
    assert "not asked: bedrock_models_api" not in result.output
    assert "made-up-key" not in result.output


def test_sources_list_shows_health_once_there_is_a_published_file(warehouse):
    warehouse.publish()
    result = costs(warehouse, "sources", "list")
    assert result.exit_code == 0
    assert "last_success_at" in result.output


def test_parse_gives_every_row_and_touches_nothing(tmp_path):
    warehouse = Warehouse(tmp_path / "untouched")
    result = costs(warehouse, "sources", "parse", "anthropic_pricing", ANTHROPIC_PAGE, "--json")
    assert result.exit_code == 0
    rows = json.loads(result.stdout)
    assert len(rows) == 10 * 5 + 7 * 2 + 1
    (opus,) = [row for row in rows if (row["model"], row["meter"]) == ("claude-opus-4-1", "cache_write_5m")]
    assert (opus["usd_per_unit"], opus["printed"]) == ("18.750000", "$18.75 / MTok")
    assert not warehouse.folder.exists()


def test_parse_prints_refused_rows_on_stderr(warehouse, tmp_path):
    page = tmp_path / "page.md"
    page.write_text(ANTHROPIC_PAGE.read_text().replace("| $10 / MTok | $12.50", "| call us | $12.50"))
    result = costs(warehouse, "sources", "parse", "anthropic_pricing", page, "--json")
    assert result.exit_code == 0
    assert len(json.loads(result.stdout)) == 64
    (refused,) = [json.loads(line)["reject"] for line in result.stderr.splitlines()]
    assert (refused["raw_text"], refused["reason"]) == ("call us", "not exactly a price per MTok")


def test_parse_of_another_page_says_what_was_looked_for(warehouse):
    result = costs(warehouse, "sources", "parse", "anthropic_pricing", LITELLM_FEED)
    assert result.exit_code == 3
    assert LITELLM_FEED.name in result.stderr
    assert "no model pricing table with headers" in result.stderr


@pytest.mark.parametrize("command", [("parse", str(ANTHROPIC_PAGE)), ("accept",)], ids=lambda command: command[0])
def test_an_unknown_source_is_answered_with_the_known_ones(warehouse, command):
    name, *rest = command
    result = costs(warehouse, "sources", name, "[bold]antropic", *rest)
    assert result.exit_code == 2
    assert "there is no source '[bold]antropic'" in result.stderr
    assert all(key in result.stderr for key in SOURCES_BY_KEY)


def test_import_twice_takes_the_content_once(warehouse, tmp_path):
    """Of nine lines four are whole, one is an empty day, and four contradict themselves or name an unknown tier."""
    first = costs(warehouse, "import", USAGE_FILE)
    assert first.exit_code == 0
    assert "openai_export.csv: 4 rows, 4 new, 0 known already, 4 refused" in first.output
    renamed = tmp_path / "again.csv"
    renamed.write_bytes(USAGE_FILE.read_bytes())
    again = costs(warehouse, "import", renamed)
    assert again.exit_code == 0
    assert "again.csv: known: this content was imported before" in again.output


def test_files_are_read_again_when_asked_and_those_gone_are_named(warehouse, tmp_path):
    file = tmp_path / "export.csv"
    file.write_bytes(USAGE_FILE.read_bytes())
    costs(warehouse, "import", file)
    assert "Nothing to read again" in costs(warehouse, "usage", "reread").output
    again = costs(warehouse, "usage", "reread", file)
    assert (again.exit_code, "export.csv: reread: nothing changed" in again.output) == (0, True)
    file.unlink()
    gone = costs(warehouse, "usage", "reread", "--format", "openai_dashboard")
    assert gone.exit_code == 1
    assert "export.csv: gone: read by version 2 of openai_dashboard" in gone.output
    assert costs(warehouse, "usage", "reread", "--format", "nothing").exit_code == 2


def test_a_wrong_header_names_the_file_and_the_remedy(warehouse, tmp_path):
    wrong = tmp_path / "bill.csv"
    wrong.write_text("date,amount\n2026-01-01,3\n")
    result = costs(warehouse, "import", wrong, USAGE_FILE)
    assert result.exit_code == 1
    (line,) = [line for line in result.output.splitlines() if "bill.csv: not recognised" in line]
    assert "amount" not in line
    assert "--format" in line
    assert "openai_export.csv: " in result.output, "the other file is imported all the same"


def test_a_mistake_in_the_privacy_settings_is_told_by_an_import(monkeypatch, capsys, warehouse):
    """The first one stops it, as nothing can be taken back; later ones leave the last good settings in force."""
    warehouse.folder.mkdir(exist_ok=True)
    settings = warehouse.folder / "privacy.csv"
    settings.write_text("column,treatment\nuser,hash\n")
    code, said = entered(monkeypatch, capsys, warehouse, "import", str(USAGE_FILE))
    assert (code, "privacy.csv line 2: there is no column 'user'" in said) == (3, True)
    settings.write_text("column,treatment\nuser_id,hash\n")
    assert costs(warehouse, "import", USAGE_FILE).exit_code == 0
    settings.write_text("column,treatment\nuser_id,hsh\n")
    code, said = entered(monkeypatch, capsys, warehouse, "import", str(USAGE_FILE))
    assert (code, "its last good state stays in force" in said) == (1, True)


def test_an_unknown_format_is_answered_with_the_known_ones(warehouse):
    result = costs(warehouse, "import", USAGE_FILE, "--format", "excel")
    assert result.exit_code == 2
    assert "there is no format 'excel'" in result.output
    assert "openai_dashboard" in result.output
    assert "claude_code" in result.output


def test_load_enters_a_saved_page_at_its_own_date(warehouse):
    result = costs(warehouse, "sources", "load", "litellm", LITELLM_FEED, "--at", "2026-07-29")
    assert result.exit_code == 0
    assert "litellm: promoted, 117 rows, 0 refused, 0 held, 117 versions opened" in result.output
    with warehouse.write() as connection:
        found = connection.execute("SELECT DISTINCT fetched_at::VARCHAR, origin FROM raw.fetch").fetchall()
        versions = connection.execute("SELECT DISTINCT valid_from::VARCHAR FROM core.token_price").fetchall()
    assert (found, versions) == ([("2026-07-29 00:00:00", "recorded")], [("2026-07-29 00:00:00",)])


def test_load_of_a_page_from_the_future_is_refused(warehouse):
    result = costs(warehouse, "sources", "load", "litellm", LITELLM_FEED, "--at", "2199-01-01")
    assert result.exit_code == 2
    assert "lies in the future" in result.stderr
    with warehouse.write() as connection:
        assert connection.execute("SELECT count(*) FROM raw.fetch").fetchall() == [(0,)]


def test_load_of_a_wrong_page_exits_3_with_the_reason(warehouse):
    result = costs(warehouse, "sources", "load", "litellm", ANTHROPIC_PAGE, "--at", "2026-07-29")
    assert result.exit_code == 3
    assert "litellm: refused" in result.output
    assert "reason: not a whole JSON document" in result.output


def test_accept_before_anything_was_fetched_says_so(warehouse):
    result = costs(warehouse, "sources", "accept", "litellm")
    assert result.exit_code == 3
    assert "reason: nothing was fetched yet" in result.output


@pytest.mark.parametrize(
    ("model", "at", "code", "said"),
    [
        ("gpt-5", "2026-10-01", 0, ""),
        ("gpt-5", "2099-01-01", 0, "2099-01-01 lies in the future"),
        ("no-such-model", "2026-10-01", 1, ""),
    ],
)
def test_a_script_can_tell_a_price_from_none(warehouse, model, at, code, said):
    result = costs(warehouse, "price", model, "--input", "1000", "--at", at)
    assert result.exit_code == code
    assert said in result.stderr
    assert bool(result.stderr) == bool(said)


def test_the_version_is_that_of_the_package():
    result = CliRunner().invoke(cli.app, ["--version"])
    assert (result.exit_code, result.output.strip()) == (0, metadata.version("inference-cost-warehouse"))


def test_sql_prints_what_it_finds_as_text(warehouse):
    warehouse.publish()
    result = costs(warehouse, "sql", "SELECT 'a [red]b[/red]' AS said, 7 AS n")
    assert result.exit_code == 0
    assert "a [red]b[/red]" in result.output
    assert "7" in result.output


def test_sql_cannot_write(monkeypatch, capsys, warehouse):
    warehouse.publish()
    code, said = entered(monkeypatch, capsys, warehouse, "sql", "DELETE FROM core.token_price")
    assert code == 2
    assert "DELETE is no statement that only reads" in said


@pytest.mark.parametrize(
    ("query", "said"),
    [("", "no statement"), ("SELECT 1; SELECT 2", "2 statements"), ("FROM read_csv('/etc/passwd')", "/etc/passwd")],
)
def test_sql_that_asks_for_no_rows_of_the_warehouse_is_wrong_use(monkeypatch, capsys, warehouse, query, said):
    warehouse.publish()
    code, error = entered(monkeypatch, capsys, warehouse, "sql", query)
    assert code == 2
    assert said in error


def test_sql_gives_programs_every_digit_and_every_row(warehouse, tmp_path):
    warehouse.publish()
    query = "SELECT n, ':fire: [b]' || n AS said, 0.000000000001::DECIMAL(38, 12) AS usd, [n] AS ns FROM range(2) r(n)"
    as_json = json.loads(costs(warehouse, "sql", query, "--json").output)
    assert as_json == [{"n": n, "said": f":fire: [b]{n}", "usd": "0.000000000001", "ns": [n]} for n in range(2)]
    assert costs(warehouse, "sql", query, "--csv", "--limit", "1").output == (
        "n,said,usd,ns\n0,:fire: [b]0,0.000000000001,[0]\n"
    )
    file = tmp_path / "rows.parquet"
    assert costs(warehouse, "sql", query, "--parquet", file).output == ""
    assert pl.read_parquet(file).height == 2
    assert costs(warehouse, "sql", query, "--json", "--csv").exit_code == 2


def test_sql_in_a_pipe_cuts_neither_rows_nor_cells(warehouse):
    warehouse.publish()
    found = costs(warehouse, "sql", "SELECT n, repeat('x', 500) AS long, ':x:' AS sign FROM range(1500) r(n)").output
    assert found.count("x" * 500 + "  :x:") == 1500


def test_sql_with_a_syntax_error_ends_without_a_traceback(monkeypatch, capsys, warehouse):
    warehouse.publish()
    code, said = entered(monkeypatch, capsys, warehouse, "sql", "SELEC 1")
    assert code == 2
    assert said.startswith("costs: Parser Error: syntax error at or near")
    assert "Traceback" not in said


def test_data_docs_before_anything_was_fetched_names_the_first_step(monkeypatch, capsys, warehouse):
    code, said = entered(monkeypatch, capsys, warehouse, "data-docs")
    assert code == 3
    assert "`costs run` comes first" in said


def run_program(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The installed program in a process of its own."""
    program = Path(sys.executable).with_name("costs")
    return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60, check=False)  # noqa: S603


def test_the_program_says_how_a_missing_warehouse_is_made(tmp_path):
    done = run_program("--warehouse", str(tmp_path / "none"), "sql", "SELECT 1")
    assert done.returncode == 3
    assert done.stdout == ""
    assert done.stderr.startswith("costs: ")
    assert "does not exist yet" in done.stderr
    assert "`costs run`, `costs build` (offline) or `costs demo` makes it" in done.stderr
    assert not (tmp_path / "none").exists()


def test_the_help_of_the_program_shows_examples():
    done = run_program("--help")
    assert (done.returncode, done.stderr) == (0, "")
    words = " ".join(done.stdout.split())
    assert "Examples: `costs demo`" in words
    assert "SELECT * FROM cost_daily" in words
    for command in ("run", "demo", "import", "sql", "data-docs", "dictionary", "sources"):
        assert f" {command} " in words


@pytest.mark.parametrize("arguments", [["sql"], ["sources", "load"]], ids=" ".join)
def test_the_help_of_a_command_shows_an_example(arguments):
    result = CliRunner().invoke(cli.app, [*arguments, "--help"])
    assert result.exit_code == 0
    assert f"costs {' '.join(arguments)} " in " ".join(result.output.split())


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.EROFS, "Read-only file system; choose a folder that can be written"),
        (errno.ENOSPC, "No space left on device; free some space"),
        (errno.EACCES, "Permission denied; give yourself the right to it"),
        (errno.EIO, "Input/output error"),
    ],
)
def test_a_fault_of_the_machine_is_one_line_with_file_and_remedy(warehouse, monkeypatch, capsys, number, said):
    def failing(*_):
        raise OSError(number, os.strerror(number), str(warehouse.build_file))

    monkeypatch.setattr("pipelines.usage.import_files.import_files", failing)
    code, shown = entered(monkeypatch, capsys, warehouse, "import", str(USAGE_FILE))
    assert code != 0
    (line,) = [line for line in shown.splitlines() if line.strip()]
    assert f"{warehouse.build_file}: {said}" in line


def test_a_warehouse_below_a_file_is_one_line(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").touch()
    code, shown = entered(monkeypatch, capsys, Warehouse(tmp_path / "file" / "warehouse"), "import", str(USAGE_FILE))
    assert code != 0
    assert "Traceback" not in shown
    assert "Not a directory" in shown


def test_a_broken_dagster_database_is_one_line(warehouse, monkeypatch, capsys):
    with open_instance(warehouse.folder) as instance:
        assert instance.get_runs_count() == 0
    for file in (warehouse.folder / ".dagster").rglob("*.db"):
        file.write_bytes(b"no database" * 500)
    code, shown = entered(monkeypatch, capsys, warehouse, "run")
    assert code != 0
    assert "Traceback" not in shown
    assert "move that folder aside" in shown.splitlines()[-1]


def test_a_warehouse_that_was_copied_with_its_links_followed_opens(tmp_path):
    with open_instance(tmp_path / "warehouse"):
        pass
    shutil.copytree(tmp_path / "warehouse", tmp_path / "copy", symlinks=False)
    assert not (tmp_path / "copy" / ".dagster" / "dagster.yaml").is_symlink()
    with open_instance(tmp_path / "copy") as instance:
        assert instance.get_runs_count() == 0


def test_what_a_command_writes_is_private(warehouse, monkeypatch, capsys):
    assert entered(monkeypatch, capsys, warehouse, "import", str(USAGE_FILE))[0] == 0
    written = [path for path in warehouse.folder.rglob("*") if not path.is_symlink()]
    assert any(path.suffix == ".parquet" for path in written)
    assert [path for path in written if path.stat().st_mode & 0o077] == []
