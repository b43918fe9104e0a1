"""The shipped facts about serving are what their tables give, and the document of their errors is what they answer."""

from pathlib import Path

import pytest

from tools.self_hosting_facts.accuracy import DOCUMENT, document, left_out_errors
from tools.self_hosting_facts.build import SHIPPED, build

SHARED = Path(__file__).parents[2].parent / "shared"
pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the tables in ../shared are absent")


@pytest.mark.parametrize("name", ["throughput.csv", "figures.csv", "open_models.csv", "managed.csv"])
def test_a_rebuild_gives_the_files_that_ship(tmp_path: Path, name: str) -> None:
    build(SHARED / "economics", tmp_path)
    assert (tmp_path / name).read_text() == (SHIPPED / name).read_text()


def test_the_document_of_errors_is_what_the_table_answers() -> None:
    assert DOCUMENT.read_text() == document(SHARED / "golden" / "throughput_refs.csv")


def test_nine_of_ten_points_lie_within_a_fifth_of_what_their_neighbours_tell() -> None:
    errors = sorted(abs(error) for _, error in left_out_errors())
    assert errors[len(errors) * 9 // 10] < 0.2
