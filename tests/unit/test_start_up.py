"""Small commands import next to nothing: by the names of modules, in a process of its own. Times are in benchmarks/."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = (
    "bs4", "dagster", "dataframely", "great_expectations",
    "lxml", "numpy", "pandas", "pyarrow", "requests", "sqlalchemy",
)  # fmt: skip
THREADS = """
import json, pathlib
import pipelines.defs.build
print(json.dumps([file.read_text().strip() for file in pathlib.Path("/proc/self/task").glob("*/comm")]))
"""
PROGRAM = """
import json, sys
from pipelines.cli.main import main
try:
    main()
finally:
    print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})), file=sys.stderr)
"""


def imported(*arguments: str) -> tuple[str, set[str]]:
    """What a command prints, and the top packages that its process has imported at its end."""
    done = subprocess.run(  # noqa: S603 - this test's own program
        [sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, timeout=120, check=True
    )
    return done.stdout, set(json.loads(done.stderr.splitlines()[-1]))


@pytest.mark.parametrize("command", [[], ["price"], ["sources"], ["export", "focus"]], ids=" ".join)
def test_help_needs_no_data_library(command):
    printed, names = imported(*command, "--help")
    assert "Usage:" in printed
    assert "typer" in names
    assert not names & {*HEAVY, "duckdb", "polars"}


def test_a_quote_from_the_shipped_prices_needs_no_declaration_and_no_parser(tmp_path):
    command = ("--warehouse", str(tmp_path), "price", "gpt-5", "--input", "1", "--at", "2026-11-24", "--json")
    printed, names = imported(*command)
    assert json.loads(printed)["cost_usd"] == "0.00000125"
    assert "polars" in names
    assert not names & set(HEAVY)


def test_a_list_of_sources_needs_no_parser(tmp_path):
    printed, names = imported("--warehouse", str(tmp_path), "sources", "list")
    assert "anthropic_pricing" in printed
    assert not names & {"bs4", "dagster", "great_expectations", "lxml", "requests"}


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="threads are listed in /proc, on Linux alone")
def test_no_query_runs_while_the_program_is_imported():
    """It would start the threads of polars, for which a process that is forked afterwards waits for ever."""
    done = subprocess.run([sys.executable, "-c", THREADS], capture_output=True, text=True, timeout=120, check=True)  # noqa: S603
    names = json.loads(done.stdout)
    assert names
    assert not [name for name in names if re.fullmatch(r"polars-\d+", name)]
