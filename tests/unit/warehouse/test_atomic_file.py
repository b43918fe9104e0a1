"""A file is the old one or the whole new one, and nothing is left beside it."""

import errno
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pipelines.warehouse.atomic_file import TEMPORARY, atomic_file


@pytest.fixture
def target(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")
    return path


def test_the_new_file_takes_the_place_of_the_old_at_the_end(target):
    with atomic_file(target) as temporary:
        temporary.write_text("new")
        assert target.read_text() == "old"
        assert temporary.parent == target.parent, "a rename does not cross file systems"
        assert temporary.name.endswith(TEMPORARY)
    assert [path.name for path in target.parent.iterdir()] == ["file"]
    assert target.read_text() == "new"


def test_file_and_folder_are_synced_in_this_order(target, monkeypatch):
    events = []
    rename = os.replace

    def renamed(*paths):
        events.append("rename")
        rename(*paths)

    monkeypatch.setattr(os, "fsync", lambda handle: events.append(Path(f"/proc/self/fd/{handle}").readlink()))
    monkeypatch.setattr(os, "replace", renamed)
    with atomic_file(target) as temporary:
        temporary.write_text("new")
    assert events == [temporary, "rename", target.parent]


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt()])
def test_an_error_leaves_the_old_file_alone(target, error):
    def write_half():
        with atomic_file(target) as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(type(error)):
        write_half()
    assert [(path.name, path.read_text()) for path in target.parent.iterdir()] == [("file", "old")]


def test_threads_that_write_one_target_do_not_meet(target):
    def write(number):
        with atomic_file(target) as temporary:
            temporary.write_text(str(number) * 10_000)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(10)))
    assert target.read_text() in {str(number) * 10_000 for number in range(10)}
    assert len(list(target.parent.iterdir())) == 1


def test_a_folder_that_is_missing_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError), atomic_file(tmp_path / "none" / "file") as temporary:
        temporary.write_text("new")
