"""Logs without a warehouse: priced in a folder that goes away, at the prices that ship."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.costs.log_costs import priced_logs, usual_folders
from pipelines.costs.spend_by import spend_by

FILES = Path(__file__).parents[2] / "usage_files"
NOW = datetime(2026, 11, 29)


def test_a_session_is_priced_and_nothing_is_kept():
    """1,900 fresh, 1,100 cached and 300 output tokens at 1.75, 0.175 and 14 USD per million: 3325 + 192.5 + 4200."""
    with priced_logs([FILES / "codex_session.jsonl"], NOW) as (warehouse, (outcome,)):
        rows = spend_by(warehouse, "model").rows(named=True)
        folder = warehouse.folder
    assert outcome.outcome == "imported"
    assert [(row["model"], row["tokens"]) for row in rows] == [("gpt-5.2-codex", 3300)]
    assert rows[0]["list_usd"] == Decimal("0.0077175")
    assert not folder.exists()


def test_a_place_that_is_nothing_is_said():
    with pytest.raises(FileNotFoundError, match="no such file"), priced_logs(["/no/such/logs"], NOW):
        pass


def test_the_usual_folders_are_those_that_are_there(tmp_path):
    (tmp_path / "claude" / "projects").mkdir(parents=True)
    homes = {
        "CLAUDE_CONFIG_DIR": str(tmp_path / "claude"),
        "CODEX_HOME": str(tmp_path / "codex"),
        "HOME": str(tmp_path),
    }
    found = usual_folders(homes)
    assert tmp_path / "claude" / "projects" in found
    assert tmp_path / "codex" / "sessions" not in found
