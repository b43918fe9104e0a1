"""Every SQL file runs: the cookbook on a published warehouse, and each mart is named after a declared table."""

import re
from pathlib import Path

import pytest

from pipelines.schema.tables import TABLES_BY_NAME
from pipelines.warehouse import SQL_FOLDER
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.marts import marts

COOKBOOK = sorted((SQL_FOLDER / "cookbook").glob("*.sql"))
LONGEST_FILE = 80


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    warehouse = Warehouse(tmp_path_factory.mktemp("warehouse"))
    with warehouse.write():
        pass
    warehouse.publish()
    return warehouse


@pytest.mark.parametrize("file", COOKBOOK, ids=lambda file: file.stem)
def test_a_cookbook_query_runs_on_the_published_file(file: Path, published: Warehouse) -> None:
    with published.read() as connection:
        assert connection.sql(file.read_text()).fetchall() == []


def test_the_cookbook_answers_thirty_questions_and_its_document_names_them_all() -> None:
    assert len(COOKBOOK) >= 30
    text = (SQL_FOLDER.parent / "docs" / "cookbook.md").read_text()
    named = set(re.findall(r"sql/cookbook/(\w+)\.sql\)", text))
    assert named == {file.stem for file in COOKBOOK}


@pytest.mark.parametrize("file", sorted(SQL_FOLDER.rglob("*.sql")), ids=lambda file: file.stem)
def test_an_sql_file_fits_a_screen_and_says_what_it_is(file: Path) -> None:
    lines = file.read_text().splitlines()
    assert lines[0].startswith("-- ")
    assert len(lines) <= LONGEST_FILE


def test_marts_read_declared_tables_only() -> None:
    named = {name for mart in marts() for name in (mart.table.qualified, *mart.inputs)}
    assert named <= set(TABLES_BY_NAME)
    assert {mart.table.name for mart in marts()} == {file.stem for file in (SQL_FOLDER / "marts").glob("*.sql")}
