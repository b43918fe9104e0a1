"""The shipped GPU rate history is what its tables give: anyone who has them can build it again."""

from pathlib import Path

import pytest

from tools.gpu_rate_history.build import SHIPPED, build

TABLES = Path(__file__).parents[2].parent / "shared" / "feeds" / "gpu_history"
pytestmark = pytest.mark.skipif(not TABLES.is_dir(), reason="the tables in ../shared are absent")


@pytest.mark.parametrize("name", ["gpu_rates.csv", "gpu_rates_left_out.csv"])
def test_a_rebuild_gives_the_files_that_ship(tmp_path, name):
    build(TABLES, tmp_path)
    assert (tmp_path / name).read_text() == (SHIPPED / name).read_text()
