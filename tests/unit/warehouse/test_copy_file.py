"""A copy is whole or not there."""

import pytest

from pipelines.warehouse import copy_file as module
from pipelines.warehouse.copy_file import copy_file


def test_a_copy_replaces_what_was_there(tmp_path):
    (tmp_path / "source").write_bytes(b"new")
    (tmp_path / "target").write_bytes(b"older and longer")
    copy_file(tmp_path / "source", tmp_path / "target")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"source": b"new", "target": b"new"}


@pytest.mark.parametrize("failing", ["copyfile", "fsync"])
def test_a_disk_that_fails_leaves_the_old_file_alone(tmp_path, monkeypatch, failing):
    def full(*_):
        raise OSError(28, "No space left on device")

    (tmp_path / "source").write_bytes(b"new")
    (tmp_path / "target").write_bytes(b"old")
    monkeypatch.setattr(module.shutil if failing == "copyfile" else module.os, failing, full)
    with pytest.raises(OSError, match="No space left"):
        copy_file(tmp_path / "source", tmp_path / "target")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"source": b"new", "target": b"old"}
