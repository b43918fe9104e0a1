"""What the integration tests share: a warehouse on disk, and sites on loopback whose pages come in the real way."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

import polars as pl
import pytest

from pipelines.demo import page_for
from pipelines.snapshots.fetch_attempts import Attempt
from pipelines.snapshots.fetch_source import fetch_source
from pipelines.snapshots.load_body import Promotion, promote_latest
from pipelines.snapshots.prepare_run import prepare
from pipelines.sources.catalog import Source, relocated
from pipelines.sources.fetch import Fetcher, Patience
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import read_table
from tests.loopback import Loopback, Reply

PREPARED_AT = datetime(2026, 7, 1)


class Sites:
    """The addresses of all sources on one loopback server, and the way from there into the warehouse."""

    def __init__(self, warehouse: Warehouse, server: Loopback, fetcher: Fetcher) -> None:
        self.warehouse = warehouse
        self.server = server
        self._fetcher = fetcher

    @staticmethod
    def recorded(source: Source, on: date) -> bytes:
        """The demo's recorded page of a source, as it was on a date."""
        pages = (page_for(on, urlsplit(url).netloc + urlsplit(url).path) for url in source.urls)
        return next(page for page in pages if page).read_bytes()

    def serve(self, source: Source, answer: bytes | Reply) -> None:
        """Answer with this at every address of a source from now on."""
        reply = Reply(body=answer) if isinstance(answer, bytes) else answer
        for url in source.urls:
            self.server.script(urlsplit(relocated(url, self.server.url())).path, reply)

    def fetch(self, source: Source, at: datetime) -> Attempt:
        """Fetch what is served now."""
        return fetch_source(self.warehouse, source, self._fetcher, at, self.server.url())

    def promote(self, source: Source, answer: bytes | Reply, at: datetime) -> Promotion:
        """Serve a page, fetch it, which has to go well, and promote it."""
        self.serve(source, answer)
        attempt = self.fetch(source, at)
        assert attempt.error is None
        return promote_latest(self.warehouse, source, at)

    def table(self, name: str, where: str = "true") -> pl.DataFrame:
        """Rows of a table of the build file, sorted, so that two states can be compared."""
        with self.warehouse.write() as connection:
            frame = read_table(connection, name, where)
        return frame.sort(frame.columns)

    def in_force(self, source: Source, at: datetime) -> dict[tuple[str, str, str, int], Decimal]:
        """Believed token prices of a source at a moment, by model, meter, tier and context."""
        where = (
            f"source = '{source.key}' AND known_to IS NULL AND valid_from <= TIMESTAMP '{at}' "
            f"AND (valid_to IS NULL OR valid_to > TIMESTAMP '{at}')"
        )
        columns = ("model", "meter", "service_tier", "context_from", "usd_per_unit")
        return {row[:4]: row[4] for row in self.table("core.token_price", where).select(columns).rows()}


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """An empty warehouse that is ready for a run."""
    made = Warehouse(tmp_path / "warehouse")
    prepare(made, PREPARED_AT)
    return made


@pytest.fixture
def sites(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sites]:
    """Sites of that warehouse; nothing is served yet. A failure is not tried again."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Loopback() as server, Fetcher(Patience(connect=2, read=2, total=5, attempts=1)) as fetcher:
        yield Sites(warehouse, server, fetcher)
