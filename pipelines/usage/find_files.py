"""Which files an import means: those in the inbox, or named by people; whose usage they are; how they looked last time.

Nothing is read of them here.
"""

from collections.abc import Iterable, Mapping, Sequence
from glob import glob
from pathlib import Path

import polars as pl

from pipelines.schema.accounts import DEFAULT_ACCOUNT
from pipelines.usage.fields import MAX_TEXT
from pipelines.usage.identity import given_account
from pipelines.usage.pseudonyms import Privacy

_LOOKS = ("size_bytes", "modified_ns")
IGNORED_IN_INBOX = (".", "README")


def named_files(names: Iterable[str | Path]) -> list[Path]:
    """Files by name, below folders, and by patterns such as 'logs/**/*.jsonl'; each once, in the order given.

    Raises FileNotFoundError for a name that is nothing.
    """
    found: dict[Path, None] = {}
    for name in names:
        path = Path(name)
        if path.is_dir():
            found |= dict.fromkeys(files_below(path))
        elif path.exists():
            found[path] = None
        else:
            matches = [Path(match) for match in sorted(glob(str(path), recursive=True))]  # noqa: PTH207 - absolute too
            if not matches:
                raise FileNotFoundError(f"{name}: there is no such file, folder or pattern")
            found |= dict.fromkeys(match for match in matches if match.is_file())
    return list(found)


def is_account(name: str) -> bool:
    """Whether a text can be stored and shown as the name of an account."""
    return 0 < len(name) <= MAX_TEXT and name.isprintable() and name == name.strip()


def account_of_folder(inbox: Path, path: Path) -> str:
    """The first folder below the inbox that a file is in; a file elsewhere, or in the inbox itself, names none."""
    try:
        below = path.absolute().relative_to(inbox.absolute())
    except ValueError:
        return DEFAULT_ACCOUNT
    return below.parts[0] if len(below.parts) > 1 else DEFAULT_ACCOUNT


def with_paths(seen: pl.DataFrame, files: Sequence[Path], privacy: Privacy) -> pl.DataFrame:
    """core.usage_file with the paths of these files where it has their pseudonyms."""
    if privacy.treatments.get("path") != "hash":
        return seen
    addresses = {privacy.pseudonym(address): address for address in map(address_of, files)}
    return seen.with_columns(path=pl.col("path").replace(addresses))


def unchanged_files(accounts: Mapping[Path, str], seen: pl.DataFrame, privacy: Privacy) -> dict[Path, str | None]:
    """The files that look as they did when they were read for their account; why nothing of one was imported, or None.

    `seen`: the rows of core.usage_file that hold.
    """
    known = {path: tuple(stated) for path, *stated in seen.select("path", *_LOOKS, "import_id", "not_imported").rows()}
    is_hashed = privacy.treatments.get("path") == "hash"
    unchanged = {}
    for path, account in accounts.items() if known else ():
        address = address_of(path)
        looks = known.get(privacy.pseudonym(address) if is_hashed else address)
        if looks and path.is_file() and (*looks[:2], given_account(looks[2])) == (*stamp_of(path), account):
            unchanged[path] = looks[3]
    return unchanged


def address_of(path: Path) -> str:
    """The path of a file as core.usage_file has it."""
    return str(path.resolve()).encode("utf-8", errors="backslashreplace").decode()


def stamp_of(path: Path) -> tuple[int, int]:
    """Size and time of change of a file, as core.usage_file has them."""
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def files_below(folder: Path) -> Iterable[Path]:
    """The files in a folder and below it, but for those that the inbox ignores."""
    # A pipe or a device among them is refused by name when it is opened.
    found = (path for path in sorted(folder.rglob("*")) if path.exists() and not path.is_dir())
    return (path for path in found if not path.name.startswith(IGNORED_IN_INBOX))
