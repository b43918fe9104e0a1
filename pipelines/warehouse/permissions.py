"""Who may read a warehouse: it tells what people and teams spend, so it belongs to its user alone (0600, 0700)."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from pipelines.warehouse import BUILD_FILE, USER_FILES

OF_OTHERS = stat.S_IRWXG | stat.S_IRWXO
OWN = (
    *("*.duckdb", "*.duckdb.*", ".*.lock", ".*.tmp*", "archive", "ledger", "records", ".last_good", ".dagster"),
    *("inbox", *USER_FILES, ".privacy.key", ".store"),
)
"""What of a warehouse folder is ours, by pattern: somebody may keep other things beside it."""


def make_private() -> None:
    """Give every file and folder that this process makes to its user alone. Those that exist stay."""
    os.umask(0o077)


def open_to_others(folder: Path) -> list[Path]:
    """The warehouse folder and what is ours in it, as far as others may read, write or enter it.

    Empty where no warehouse is; links are not followed, and what lies in the inbox is the user's own.
    """
    if not any((folder / name).exists() for name in (BUILD_FILE, "costs.duckdb")):
        return []
    found = []
    for path in [folder, *_own(folder)]:
        try:
            mode = path.lstat().st_mode
        except FileNotFoundError:  # of another process, which has ended meanwhile
            continue
        # Who made a shared folder such as /tmp the warehouse must not close it for all.
        is_shared = path == folder and mode & stat.S_ISVTX
        if mode & OF_OTHERS and not stat.S_ISLNK(mode) and not is_shared:
            found.append(path)
    return found


def close_to_others(folder: Path) -> int:
    """Take from others what `open_to_others` finds. Returns how many; what is not ours to close is left."""
    closed = 0
    for path in open_to_others(folder):
        try:
            path.chmod(stat.S_IMODE(path.lstat().st_mode) & ~OF_OTHERS)
        except (PermissionError, FileNotFoundError):  # `costs doctor` names it
            continue
        closed += 1
    return closed


def _own(folder: Path) -> Iterator[Path]:
    for path in {path for pattern in OWN for path in folder.glob(pattern)}:
        yield path
        if path.is_dir() and not path.is_symlink() and path.name != "inbox":
            for parent, folders, files in os.walk(path):
                yield from (Path(parent, name) for name in (*folders, *files))
