"""The last good state of what a user writes by hand, so that a slip of the pen changes nothing but an alert.

Bytes by name, below a folder of the warehouse. What good means is said where a file or a setting is read.
"""

from pathlib import Path

from pipelines.warehouse.atomic_file import atomic_file

FOLDER = ".last_good"


def last_good(warehouse_folder: Path, name: str) -> bytes | None:
    """What was kept under a name; None where nothing was."""
    file = _file(warehouse_folder, name)
    return file.read_bytes() if file.is_file() else None


def keep_last_good(warehouse_folder: Path, name: str, content: bytes | None) -> None:
    """Keep a state that was found good; None where there is no such file or setting, which is good as well."""
    if content == last_good(warehouse_folder, name):
        return
    file = _file(warehouse_folder, name)
    if content is None:
        file.unlink(missing_ok=True)
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(file) as temporary:
        temporary.write_bytes(content)


def _file(warehouse_folder: Path, name: str) -> Path:
    return warehouse_folder / FOLDER / name
