"""Bodies go in whole, come out whole, or raise."""

import errno
import gzip
import hashlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.sources.archive import ArchiveError, read, store, sweep

# Of the bytes "abc", as FIPS 180-2 prints it.
ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
ABC_PATH = f"archive/ba/{ABC}.gz"


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_body_lies_under_its_hash(tmp_path: Path) -> None:
    kept = store(tmp_path, b"abc")
    assert (kept.sha256, kept.path, kept.size_bytes) == (ABC, ABC_PATH, 3)
    assert files(tmp_path) == [ABC_PATH]
    assert gzip.decompress((tmp_path / ABC_PATH).read_bytes()) == b"abc"


@given(st.binary(max_size=2000))
def test_what_goes_in_comes_out(body: bytes) -> None:
    with TemporaryDirectory() as name:
        kept = store(Path(name), body)
        assert read(Path(name), kept.path) == body
        assert kept.sha256 == hashlib.sha256(body).hexdigest()


def test_the_same_body_is_written_once(tmp_path: Path) -> None:
    first = store(tmp_path, b"abc")
    before = (tmp_path / ABC_PATH).stat()
    assert store(tmp_path, b"abc") == first
    after = (tmp_path / ABC_PATH).stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert files(tmp_path) == [ABC_PATH]


def test_the_same_body_gives_the_same_file_anywhere(tmp_path: Path) -> None:
    for name in ("one", "two"):
        store(tmp_path / name, b"abc" * 100)
    one, two = (next((tmp_path / name).rglob("*.gz")).read_bytes() for name in ("one", "two"))
    assert one == two
    assert one[4:8] == bytes(4), "the time in the gzip header (RFC 1952)"


@pytest.mark.parametrize(
    "damaged",
    [b"", b"no gzip", gzip.compress(b"abc")[:-3], gzip.compress(b"other"), gzip.compress(b"abc")[:12] + bytes(12)],
    ids=["empty", "text", "cut", "other body", "broken stream"],
)
def test_damage_is_named_and_healed_by_the_next_store(tmp_path: Path, damaged: bytes) -> None:
    store(tmp_path, b"abc")
    (tmp_path / ABC_PATH).write_bytes(damaged)
    with pytest.raises(ArchiveError, match=f"{ABC_PATH}: damaged"):
        read(tmp_path, ABC_PATH)
    store(tmp_path, b"abc")
    assert read(tmp_path, ABC_PATH) == b"abc"


def test_a_missing_body_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match=f"{ABC_PATH}: missing"):
        read(tmp_path, ABC_PATH)


@pytest.mark.parametrize("path", ["../secret.gz", "/etc/passwd", "archive/../secret.gz"])
def test_no_path_leads_out_of_the_archive(tmp_path: Path, path: str) -> None:
    with pytest.raises(ArchiveError, match="not in the archive"):
        read(tmp_path, path)


def test_an_interrupted_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        store(tmp_path, b"abc")
    assert files(tmp_path) == []


def test_a_full_disk_leaves_nothing_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ArchiveError, match=f"{ABC_PATH}: not stored: No space left on device") as caught:
        store(tmp_path, b"abc")
    assert isinstance(caught.value.__cause__, OSError)
    assert files(tmp_path) == []


def test_the_sweep_takes_strays_and_nothing_else(tmp_path: Path) -> None:
    store(tmp_path, b"abc")
    stray = tmp_path / "archive/ba/tmp123.tmp"
    stray.write_bytes(b"half")
    begun = datetime(2026, 3, 1, 12)
    os.utime(stray, (begun.replace(tzinfo=UTC).timestamp(),) * 2)
    assert sweep(tmp_path, begun) == [], "it may be in the middle of being written"
    assert sweep(tmp_path, begun + timedelta(seconds=1)) == ["archive/ba/tmp123.tmp"]
    assert files(tmp_path) == [ABC_PATH]
    assert sweep(tmp_path, datetime.max) == []


def test_a_sweep_before_the_first_body_finds_nothing(tmp_path: Path) -> None:
    assert sweep(tmp_path, datetime.max) == []
