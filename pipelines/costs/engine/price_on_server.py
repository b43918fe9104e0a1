"""The ledger priced on a server of Spark Connect: which files it reads, what it runs, what comes back.

Nothing is stored here or there: rows of core.usage_cost come back as if they had been priced in this process.
"""

import re
import socket
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import polars as pl

from pipelines.costs.engine.engine_setting import ENGINE, EngineError, shown_address
from pipelines.costs.engine.ledger_tasks import DayOfLedger, tasks_of
from pipelines.costs.engine.price_tasks import SUMS, PriceTasks, packed, result_schema
from pipelines.costs.pricing.match_usage import usd_each
from pipelines.costs.pricing.price_sums import with_cost
from pipelines.costs.pricing.price_usage import usage_cost

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession

PATIENCE = 5
"""Seconds until a server must have taken a connection."""
RETRIES = 3
"""The client's own fifteen take ten minutes: who waits is the run that holds the warehouse."""
_MAX_SAID = 300
_CAUSE = re.compile(r"[\w.]+(?:Error|Exception): ")
_GRPC_DETAILS = re.compile(r'details = "(.+)"')
_SPARK_TYPES = {
    pl.String: "string",
    pl.Date: "date",
    pl.Int64: "bigint",
    pl.Boolean: "boolean",
}


def price_on_server(
    address: str,
    days: Mapping[date, DayOfLedger],
    segments: pl.DataFrame,
    owners: Sequence[str],
    store: str | None = None,
) -> pl.DataFrame:
    """`price_usage.price_by_day` of days of the ledger, by a server. `address`: of `engine_setting.server_address`.

    The server reads the files by the paths that they have here, or from the object store with the URL `store`. Raises
    EngineError where it cannot be reached, fails, or goes away before it has answered.
    """
    tasks = tasks_of(days)
    if not tasks:
        return usage_cost(None, owners)
    pricing = PriceTasks(packed(segments), days, tasks, tuple(owners), store)

    def price(batches: Iterator[Any]) -> Iterator[Any]:
        return pricing(batches)

    with _session(address) as session:
        numbers = session.range(0, len(tasks), numPartitions=len(tasks))
        found = numbers.mapInArrow(price, _spark_schema(result_schema(owners))).toArrow()
    return costs_of(pl.DataFrame(found), owners)


def costs_of(quantities: pl.DataFrame, owners: Sequence[str]) -> pl.DataFrame:
    """Rows of core.usage_cost out of quantities with their prices, in any order."""
    if quantities.is_empty():
        return usage_cost(None, owners)
    schema = pl.Schema(result_schema(owners))
    priced = quantities.select(schema.names()).cast(schema).with_columns(usd_each=usd_each("usd_per_unit"))
    costs = usage_cost(with_cost(priced), owners)
    return costs.sort("usage_date", *(name for name in schema if name not in SUMS))


def server_version(address: str) -> str:
    """What a server says of itself. Raises EngineError where it does not answer."""
    with _session(address) as session:
        return str(session.version)


def _spark_schema(columns: Mapping[str, pl.DataType]) -> str:
    """Columns as Spark declares them."""
    types = {
        name: f"decimal({kind.precision},{kind.scale})" if isinstance(kind, pl.Decimal) else _SPARK_TYPES[type(kind)]
        for name, kind in columns.items()
    }
    return ", ".join(f"`{name}` {kind}" for name, kind in types.items())


@contextmanager
def _session(address: str) -> Iterator["SparkSession"]:
    """A session of its own; whatever goes wrong in it is an EngineError."""
    _reach(address)
    with warnings.catch_warnings():
        # Of every pandas of now; no pandas frame goes through it here. And of a lost server, which is an error here.
        warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas")
        warnings.filterwarnings("ignore", message=r"\[RETRIES_EXCEEDED\]")
        import grpc  # noqa: PLC0415

        with _main_with_a_file():
            from pyspark.errors import PySparkException  # noqa: PLC0415
            from pyspark.sql.connect.client.retries import DefaultPolicy  # noqa: PLC0415
            from pyspark.sql.connect.session import SparkSession  # noqa: PLC0415

        try:
            session = SparkSession.builder.remote(address).create()
            session.client.set_retry_policies([DefaultPolicy(max_retries=RETRIES)])
            try:
                yield session
            finally:
                # Of a server that is gone there is nothing to release.
                with suppress(grpc.RpcError, PySparkException):
                    session.stop()
        except (grpc.RpcError, PySparkException) as error:
            raise _failure(address, error) from error


@contextmanager
def _main_with_a_file() -> Iterator[None]:
    """PySpark takes a program without a file, as the process of a run is, for its own doctests, and ends it."""
    main = sys.modules["__main__"]
    if main.__spec__ is not None or hasattr(main, "__file__"):
        yield
        return
    main.__file__ = "-c"
    try:
        yield
    finally:
        del main.__file__


def _reach(address: str) -> None:
    """Whether somebody listens there, which the client itself finds out in minutes."""
    place = urlsplit(address)
    try:
        socket.create_connection((str(place.hostname), int(place.port or 0)), PATIENCE).close()
    except OSError as error:
        raise EngineError(
            f"{ENGINE}: nobody answers at {shown_address(address)} ({error.strerror or error}); start the server, such "
            f"as `sail spark server --port {place.port}`, or unset {ENGINE} to price in this process"
        ) from error


def _failure(address: str, error: Exception) -> EngineError:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    # The last that a traceback of the server names is the cause; gRPC's own text begins with the name of a class.
    causes = [line for line in lines if _CAUSE.match(line)] or _GRPC_DETAILS.findall(str(error))
    said = (causes or lines[:1])[-1]
    return EngineError(
        f"{ENGINE}: the server at {shown_address(address)} failed, or went away before it had answered: "
        f"{said[:_MAX_SAID]}. Nothing was stored. Look at its log; it must have this program installed and see the "
        f"ledger under the same path, or in COSTS_STORE. Then run again, or unset {ENGINE} to price in this process"
    )
