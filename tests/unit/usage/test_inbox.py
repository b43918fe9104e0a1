"""Which files of the inbox are whole, and when the inbox is another one."""

import os

import pytest

from pipelines.usage.inbox import settled, state_of

AT = 1_790_000_000.0


def made(path, content, changed):
    path.write_text(content)
    os.utime(path, (changed, changed))
    return path


@pytest.mark.parametrize(
    ("age", "is_whole"), [(0, False), (4.9, False), (5, True), (3600, True), (-4.9, False), (-3600, True)]
)
def test_a_file_is_whole_once_it_has_rested(tmp_path, age, is_whole):
    file = made(tmp_path / "a.csv", "x", AT - age)
    assert settled([file], AT) == ([file] if is_whole else [])


def test_one_that_is_being_written_holds_up_no_other(tmp_path):
    old, young = made(tmp_path / "old", "x", AT - 60), made(tmp_path / "young", "x", AT)
    assert settled([young, old, tmp_path / "gone"], AT) == [old]


def test_the_state_changes_with_name_size_and_time(tmp_path):
    file = made(tmp_path / "a", "x", AT)
    before = state_of([file])
    assert state_of([file, tmp_path / "gone"]) == before
    assert state_of([made(file, "xy", AT)]) != before
    assert state_of([made(file, "y", AT + 1)]) != before
    assert state_of([file.rename(tmp_path / "b")]) != before
