"""An S3-compatible store as files by name below one prefix: whole objects, no appending. What is in them is not said.

Where the server is and who asks stand in the environment, by the names that all such programs use: AWS_ENDPOINT_URL,
AWS_ACCESS_KEY_ID and so on. The keys are read by Arrow's file system alone and pass through none of this code.
"""

import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from pipelines.warehouse.atomic_file import atomic_file
from pipelines.warehouse.warehouse_error import WarehouseError

VARIABLE = "COSTS_STORE"
ADDRESS = re.compile(r"s3://[a-z0-9][a-z0-9._-]+(/[^\s/@:?#]+)*/?")
MARKER = ".store"
"""The file in a folder that says which store holds what is in it, and the id that both have."""
UPLOADS = ".uploads"
"""Where an object lies until it is whole."""
CONNECT_SECONDS, REQUEST_SECONDS, TRIES = 10, 120, 3


@dataclass(frozen=True)
class ObjectStore:
    """Objects below s3://bucket/prefix. Each method raises WarehouseError where the store fails."""

    url: str

    def __post_init__(self) -> None:
        """Raises WarehouseError for an address of another kind."""
        if not ADDRESS.fullmatch(self.url):
            # It is not repeated: it may hold a key.
            raise WarehouseError(
                f"{VARIABLE} is not understood: s3://BUCKET/PREFIX is wanted, with no key, blank or ? in it; "
                "keys and the server stand in AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_ENDPOINT_URL"
            )

    def sizes(self, folder: str = "") -> dict[str, int]:
        """Name -> bytes of all objects below a folder."""
        from pyarrow.fs import FileSelector, FileType  # noqa: PLC0415 - S3 is slow to import, and few have a store

        with self._asked("listing it") as files:
            selector = FileSelector(self._path(folder), recursive=True, allow_not_found=True)
            infos = [info for info in files.get_file_info(selector) if info.type == FileType.File]
        return {info.path.removeprefix(f"{self._path('')}/"): info.size for info in infos}

    def put(self, name: str, file: Path) -> None:
        """Upload a file. Readers see nothing of it before all of it is there; an object of that name is replaced."""
        with self._asked(f"writing {name}") as files:
            self._write(files, self._path(name), file)

    def replace(self, name: str, file: Path) -> None:
        """The same for an object that readers have in use: it is replaced in one step by one known to be whole.

        S3 copies up to 5 GB in one step.
        """
        upload = f"{UPLOADS}/{uuid4().hex}"
        with self._asked(f"writing {name}") as files:
            self._write(files, self._path(upload), file)
            found, size = files.get_file_info(self._path(upload)).size, file.stat().st_size
            if found != size:
                raise WarehouseError(f"{self.url}: {name}: {found} bytes there and {size} here; it was not replaced")
            files.copy_file(self._path(upload), self._path(name))
            files.delete_file(self._path(upload))

    def get(self, name: str, target: Path) -> bool:
        """Download an object, whole or not at all. Returns whether there is one."""
        with self._asked(f"reading {name}") as files:
            try:
                source = files.open_input_file(self._path(name))
            except FileNotFoundError:
                return False
            target.parent.mkdir(parents=True, exist_ok=True)
            with source, atomic_file(target) as temporary, temporary.open("wb") as out:
                shutil.copyfileobj(source, out, 1 << 22)
        return True

    def delete(self, names: Iterable[str]) -> None:
        """Delete objects that are there."""
        for name in names:
            with self._asked(f"deleting {name}") as files:
                files.delete_file(self._path(name))

    def _path(self, name: str) -> str:
        base = self.url.removeprefix("s3://").strip("/")
        return f"{base}/{name}".rstrip("/")

    @staticmethod
    def _write(files: Any, path: str, file: Path) -> None:
        import pyarrow as pa  # noqa: PLC0415 - the ledger knows this module, and few have a store

        # In one piece: a stream that an error closes half way would leave half an object, which looks whole.
        with file.open("rb") as source:
            content = pa.memory_map(str(file)).read_buffer() if os.fstat(source.fileno()).st_size else b""
        # As it is: by itself Arrow compresses what is named *.gz, which it is already.
        with files.open_output_stream(path, compression=None) as stream:
            stream.write(content)

    @contextmanager
    def _asked(self, what: str) -> Iterator[Any]:
        try:
            yield _file_system(os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL"))
        except OSError as error:
            raise WarehouseError(
                f"{self.url}: {what} failed: {error}. Look at the address, the network and the AWS_ variables"
            ) from error


@cache
def _file_system(endpoint: str | None) -> Any:
    """Arrow's, which finds the keys by itself."""
    from pyarrow.fs import AwsStandardS3RetryStrategy, S3FileSystem  # noqa: PLC0415 - as above

    options = {"endpoint_override": endpoint} if endpoint else {}
    return S3FileSystem(
        connect_timeout=CONNECT_SECONDS,
        request_timeout=REQUEST_SECONDS,
        retry_strategy=AwsStandardS3RetryStrategy(max_attempts=TRIES),
        **options,
    )


def bring_back(folder: Path, name: str) -> bool:
    """Fetch a file that is missing from a folder, if its store has it. Raises WarehouseError where no answer comes."""
    marker = folder / MARKER
    if not marker.is_file():
        return False
    return ObjectStore(json.loads(marker.read_text())["url"]).get(name, folder / name)
