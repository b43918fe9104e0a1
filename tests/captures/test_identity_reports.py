"""Calls that tools count twice or not at all, as their users reported it; figures are those of the index, by hand."""

import shutil
from datetime import datetime
from decimal import Decimal
from itertools import permutations
from pathlib import Path

import pytest

from pipelines.costs.price_ledger import price_days
from pipelines.snapshots.prepare_run import prepare
from pipelines.snapshots.seed_history import seed_price_history
from pipelines.usage.import_files import import_files
from pipelines.warehouse.database import Warehouse

REPORTS = Path(__file__).parents[2].parent / "shared" / "usage_samples" / "reports"
AS_OF = datetime(2026, 11, 24, 12)
pytestmark = pytest.mark.skipif(not REPORTS.is_dir(), reason="the captures are not on this machine")


@pytest.fixture(scope="module")
def seeded(tmp_path_factory):
    made = Warehouse(tmp_path_factory.mktemp("seeded") / "warehouse")
    prepare(made, AS_OF)
    seed_price_history(made)
    return made


@pytest.fixture
def usd_of(seeded, tmp_path):
    """USD of files that are imported one after the other, at the shipped prices."""

    def usd(*files):
        made = Warehouse(tmp_path / f"warehouse{len(list(tmp_path.iterdir()))}")
        shutil.copytree(seeded.folder, made.folder)
        for file in files:
            (outcome,) = import_files(made, [file], AS_OF)
            assert (outcome.outcome, outcome.reject_count) == ("imported", 0)
        with made.write() as connection:
            days = [day for (day,) in connection.execute("SELECT usage_date FROM core.ledger_file").fetchall()]
        price_days(made, days)
        with made.write() as connection:
            ((total, unpriced),) = connection.execute(
                "SELECT sum(cost_usd), count(*) FILTER (price_id IS NULL) FROM core.usage_cost"
            ).fetchall()
        assert unpriced == 0
        return total

    return usd


@pytest.mark.parametrize(
    ("folder", "usd"), [("02_claude_sidechain_replay", "0.54608"), ("28_codex_fork_prefix", "0.965")]
)
def test_a_copied_answer_counts_once_in_any_order(usd_of, folder, usd):
    for files in permutations(sorted((REPORTS / folder).iterdir())):
        assert usd_of(*files) == Decimal(usd)


def test_spans_exported_into_files_of_their_own_count_once_in_any_order(usd_of, tmp_path):
    lines = (REPORTS / "20_otel_split_exports.jsonl").read_text().splitlines()
    files = [tmp_path / f"export{number}.jsonl" for number in range(len(lines))]
    for file, line in zip(files, lines, strict=True):
        file.write_text(line + "\n")
    for order in permutations(files):
        assert usd_of(*order) == Decimal("0.135")
