"""Servers of Spark Connect as processes of their own: Sail, and Spark with two executors where there is one."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
SPARK_HOMES = sorted((ROOT / "benchmarks" / ".spark").glob("lib/python3*/site-packages/pyspark"))
"""Where `make spark` puts one."""
START_SECONDS = 120


@dataclass(frozen=True)
class Server:
    """A server that answers."""

    address: str
    process: subprocess.Popen[bytes]

    def used(self) -> tuple[float, float]:
        """The CPU seconds that its processes have taken, and the most memory of each of them added up, in GiB."""
        seconds, kibibytes = 0.0, 0
        for place in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):  # it may have ended since
                if os.getpgid(int(place.name)) == self.process.pid:
                    fields = (place / "stat").read_text().rpartition(")")[2].split()
                    seconds += sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")
                    lines = (place / "status").read_text().splitlines()
                    kibibytes += sum(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
        return seconds, kibibytes / (1 << 20)

    def kill(self) -> None:
        """End it at once, with all that it started."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def spark_home(environ: Mapping[str, str] = os.environ) -> Path | None:
    """A whole Spark: where SPARK_HOME says, or `make spark` put it."""
    places = [Path(environ["SPARK_HOME"])] if environ.get("SPARK_HOME") else SPARK_HOMES
    return next((place for place in places if list(place.glob("jars/spark-connect_*.jar"))), None)


def why_no_spark() -> str | None:
    """What is missing for `spark`; None where nothing is."""
    if shutil.which("java") is None:
        return "no Java: PySpark with two executors was not tried"
    if spark_home() is None:
        return "no PySpark, neither in SPARK_HOME nor by `make spark`: two executors were not tried"
    return None


@contextmanager
def sail() -> Iterator[Server]:
    """Sail on a free port."""
    command = [Path(sys.executable).with_name("sail"), "spark", "server", "--port", "0"]
    with _started(command, "Starting the Spark Connect server on 127.0.0.1:", {}) as (process, said):
        yield Server(f"sc://127.0.0.1:{int(said.split('...')[0])}", process)


@contextmanager
def spark() -> Iterator[Server]:
    """Spark with two executor processes of one core. Raises RuntimeError where there is none."""
    home = spark_home()
    if home is None:
        raise RuntimeError(why_no_spark())
    settings = {
        "spark.connect.grpc.binding.port": 0,
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": 2,
    }
    command = [home / "bin" / "spark-submit", "--master", "local-cluster[2,1,1024]"]
    command += ["--class", "org.apache.spark.sql.connect.service.SparkConnectServer"]
    command += [part for name, value in settings.items() for part in ("--conf", f"{name}={value}")]
    environment = {"SPARK_HOME": str(home), "PYSPARK_PYTHON": sys.executable}
    with _started([*command, "spark-internal"], "Spark Connect server started at: ", environment) as (process, said):
        yield Server(f"sc://{said.strip()}", process)


@contextmanager
def _started(
    command: list[object], sign: str, environment: Mapping[str, str]
) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A process that has printed a sign, and what followed it in its line."""
    with TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - our own
                [str(part) for part in command],
                stdout=output,
                stderr=output,
                cwd=folder,
                env=os.environ | environment,
                start_new_session=True,
            )
        try:
            yield process, _wait_for(sign, log, process)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _wait_for(sign: str, log: Path, process: subprocess.Popen[bytes]) -> str:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        found = log.read_text(errors="replace").partition(sign)[2]
        if "\n" in found:
            return found.split("\n")[0]
        time.sleep(0.05)
    raise RuntimeError(f"the server did not start: {log.read_text(errors='replace')[-1000:]}")
