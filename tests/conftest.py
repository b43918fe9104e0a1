"""What holds for every test."""

import pytest
from hypothesis import settings

# A slow machine is no failure: timings belong in benchmarks.
settings.register_profile("no-deadline", deadline=None)
settings.load_profile("no-deadline")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests that share three whole runs.

    A worker that has nothing left to do takes over the last tests of another: these would then be split up, and the
    one worker would wait for the runs that the other makes.
    """
    items.sort(key=lambda item: "runs" not in getattr(item, "fixturenames", ()))
