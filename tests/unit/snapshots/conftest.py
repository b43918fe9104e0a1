"""The macros of sql/core on a connection of their own."""

import pytest

from pipelines.warehouse.database import Warehouse


@pytest.fixture(scope="module")
def macros(tmp_path_factory):
    with Warehouse(tmp_path_factory.mktemp("macros")).write() as connection:
        yield connection
