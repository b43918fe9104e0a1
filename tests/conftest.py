"""What holds for every test."""

import shutil
from collections.abc import Iterator

import pytest
from hypothesis import settings

from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.write_ahead_log import checkpoint
from tests.litellm_replay import LiteLlmReplay, replay, shared_folder

# A slow machine is no failure: timings belong in benchmarks.
settings.register_profile("no-deadline", deadline=None)
settings.load_profile("no-deadline")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests that share three whole runs, then those that share a replay of a feed.

    A worker that has nothing left to do takes over the last tests of another: these would then be split up, and the
    one worker would wait for the runs that the other makes.
    """
    items.sort(key=lambda item: [name not in getattr(item, "fixturenames", ()) for name in ("runs", "litellm_replay")])


@pytest.fixture(scope="session")
def litellm_replay(tmp_path_factory: pytest.TempPathFactory) -> LiteLlmReplay:
    """LiteLLM's map of ten dates, loaded."""
    return replay(shared_folder(tmp_path_factory))


@pytest.fixture(scope="session", autouse=True)
def new_warehouses_are_copies_of_one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A thousand tests begin with a warehouse; making all its tables takes each a twentieth of a second.

    Only where the build file is missing: what makes and changes tables is tested with files of its own.
    """
    first = Warehouse(tmp_path_factory.mktemp("first") / "warehouse")
    with first.write():
        pass
    checkpoint(first.build_file)
    check = Warehouse._refuse_to_begin

    def copy_after_check(self: Warehouse, how: str) -> None:
        check(self, how)
        if how == "missing":
            shutil.copyfile(first.build_file, self.build_file)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Warehouse, "_refuse_to_begin", copy_after_check)
        yield
