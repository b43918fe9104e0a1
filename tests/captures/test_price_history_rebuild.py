"""The shipped price history is what its recordings give: anyone who has them can build it again."""

from pathlib import Path

import polars as pl
import pytest

from tools.price_history.build import SHIPPED, build

SHARED = Path(__file__).parents[2].parent / "shared"
pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the recordings in ../shared are absent")


def test_a_rebuild_gives_the_file_that_ships(tmp_path):
    build(SHARED, tmp_path)
    key = ["price_id", "known_from"]
    rebuilt, shipped = (pl.read_parquet(folder / "token_price.parquet").sort(key) for folder in (tmp_path, SHIPPED))
    assert rebuilt.equals(shipped), "run `python -m tools.price_history.build` again: a parser or a fact changed"
    assert (tmp_path / "token_price_evidence.csv").read_text() == (SHIPPED / "token_price_evidence.csv").read_text()
