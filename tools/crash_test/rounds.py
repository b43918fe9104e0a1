"""Rounds of kills: each begins an empty folder and goes through all steps, killed once in every operation of each.

What a round leaves is held against an undisturbed one. How a program works, and what is printed, is not said here.
"""

import signal
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from time import monotonic, sleep

import duckdb

from pipelines.demo.page_server import PageServer
from pipelines.demo.sample_usage import write_sample_usage
from pipelines.warehouse.database import STRAYS, Warehouse
from pipelines.warehouse.good_copy import fingerprints_of
from pipelines.warehouse.published import PublishedWarehouse, WarehouseError
from pipelines.warehouse.rows import fingerprints, read_table
from tools.crash_test.operations import STEPS, Step, operations
from tools.crash_test.programs import DONE, program, read_all_the_time, run_step
from tools.crash_test.webhook import Webhook

LATEST_KILL = 1.2
"""In durations of the operation: some kills come when it has just ended."""
PATIENCE_SECONDS = 300
BY_TIME = "core.usage_file"
"""The one table that holds paths and times of files, which are those of the folder."""
DELIVERIES = "main.alert_delivery"
ARRIVED = """
SELECT DISTINCT alert_id, target, message_id FROM main.alert_delivery WHERE outcome = 'delivered' ORDER BY ALL
"""
"""A kill leaves claims, and what is sent once more; what has arrived is the same all the same."""
TO_TELL = """
SELECT alert_id, title FROM main.alert
WHERE alert_id NOT IN (SELECT alert_id FROM main.alert_event WHERE event IN ('inhibited', 'silenced'))
"""
TOLD_AGAIN = """
SELECT alert_id, target, told
FROM (
    SELECT alert_id, target, count(*) AS told
    FROM main.alert_notice JOIN main.alert_message USING (message_id) WHERE notice = 'firing' GROUP BY ALL
) JOIN (
    SELECT alert_id, count(*) AS begun FROM main.alert_event WHERE event = 'firing' GROUP BY ALL
) USING (alert_id)
WHERE told > begun
"""


class CrashTestError(RuntimeError):
    """The test itself cannot go on: a program failed that nobody killed."""


@dataclass
class Findings:
    """What was seen. All but the first four must be empty."""

    kills: Counter[str] = field(default_factory=Counter)
    """By the operation that was killed."""
    rounds: int = 0
    opens: int = 0
    messages_repeated: int = 0
    """Posts of messages that a kill had kept from being noted: same text, same id."""
    lost: list[str] = field(default_factory=list)
    half_published: list[str] = field(default_factory=list)
    failed_opens: list[str] = field(default_factory=list)
    inconsistent: list[str] = field(default_factory=list)

    @property
    def faults(self) -> dict[str, list[str]]:
        """By their name in the report."""
        return {
            "lost rows or alerts": self.lost,
            "half-published states": self.half_published,
            "failed opens": self.failed_opens,
            "inconsistent reads": self.inconsistent,
        }


@dataclass(frozen=True)
class Reference:
    """What an undisturbed round leaves, and how long each operation took in each step, in seconds."""

    tables: dict[str, object]
    published: dict[str, object]
    seconds: dict[tuple[int, str], float]


@dataclass(frozen=True)
class Bench:
    """Where all rounds happen."""

    folder: Path
    pages: PageServer
    posts: Webhook

    def step(self, name: str, number: int) -> Step:
        """A step of the round `name`, its pages served and its usage in the inbox."""
        step = Step(self.folder / name, number, self.pages.base_url, {"COSTS_ALERT_URLS": self.posts.address})
        self.pages.day = step.day
        write_sample_usage(step.warehouse.inbox, until=step.day)
        return step


def undisturbed(bench: Bench) -> Reference:
    """A round without a kill."""
    seconds: dict[tuple[int, str], float] = {}
    for number in range(STEPS):
        step = bench.step("undisturbed", number)
        with program(run_step, step) as (_, pipe):
            name, begun = str(pipe.recv()), monotonic()
            while name != DONE:
                heard = _next(pipe.recv)
                seconds[number, name] = monotonic() - begun
                name, begun = heard, monotonic()
    warehouse = Warehouse(bench.folder / "undisturbed")
    return Reference(content(warehouse), published_content(warehouse), seconds)


def disturbed(bench: Bench, reference: Reference, random: Random, kills: int, findings: Findings) -> None:
    """One round with up to so many kills; adds to the findings."""
    bench.posts.taken.clear()
    name = f"round-{findings.rounds + 1}"
    _finish(bench.step(name, 0))
    left = kills
    with program(read_all_the_time, bench.folder / name) as (_, reader):
        for number in range(1, STEPS):
            step = bench.step(name, number)
            for operation in random.sample(list(operations()), len(operations()))[:left]:
                delay = random.uniform(0, LATEST_KILL) * reference.seconds[number, operation]
                if kill(step, operation, delay):
                    findings.kills[operation] += 1
                    left -= 1
                    _look_at_published(step.folder, findings)
            _finish(step)
        reader.send("stop")
        opens, failed, inconsistent = reader.recv()
    findings.rounds += 1
    findings.opens += opens
    findings.failed_opens += failed
    findings.inconsistent += inconsistent
    _compare(Warehouse(bench.folder / name), bench.posts, reference, findings)


def kill(step: Step, operation: str, delay: float) -> bool:
    """Start a step, kill it a while after an operation has begun. Returns whether it still ran then."""
    with program(run_step, step) as (process, pipe):
        while _next(pipe.recv) != operation:
            pass
        sleep(delay)
        process.kill()
        process.join()
        return process.exitcode == -signal.SIGKILL


def content(warehouse: Warehouse) -> dict[str, object]:
    """All tables of the build file as count and hash, to compare two folders."""
    with warehouse.write() as connection:
        files = read_table(connection, BY_TIME).select("path", "size_bytes", "import_id").rows()
        arrived = connection.execute(ARRIVED).fetchall()
    found: dict[str, object] = dict(fingerprints(warehouse))
    return found | {BY_TIME: sorted((Path(path).name, *rest) for path, *rest in files), DELIVERIES: arrived}


def published_content(warehouse: PublishedWarehouse) -> dict[str, object]:
    """The same of the file that people query, but for deliveries: it is published before alerts are sent.

    Where a kill came after sending, the run that is made up for publishes what was sent already.
    """
    with warehouse.read() as connection:
        found: dict[str, object] = dict(fingerprints_of(connection))
        found["core.usage"] = connection.execute("SELECT count(*), bit_xor(hash(u)) FROM core.usage AS u").fetchall()
    return {name: rows for name, rows in found.items() if name not in {BY_TIME, DELIVERIES}}


def _finish(step: Step) -> None:
    with program(run_step, step) as (_, pipe):
        while _next(pipe.recv) != DONE:
            pass


def _next(receive: Callable[[], object]) -> str:
    """What a program says next. Raises CrashTestError where it has ended by itself."""
    try:
        return str(receive())
    except EOFError as error:
        raise CrashTestError("a program ended with an error before it was killed; its message is above") from error


def _look_at_published(folder: Path, findings: Findings) -> None:
    """Read every row that is published, right after a kill."""
    try:
        published_content(PublishedWarehouse(folder))
    except (duckdb.Error, WarehouseError) as error:
        findings.half_published.append(str(error))


def _compare(warehouse: Warehouse, posts: Webhook, reference: Reference, findings: Findings) -> None:
    """What a round has left against what it should have."""
    where = f"{warehouse.folder.name}: "
    for found, expected in (
        (content(warehouse), reference.tables),
        (published_content(warehouse), reference.published),
    ):
        findings.lost += [
            f"{where}{name} is {found.get(name)}, undisturbed {rows}"
            for name, rows in expected.items()
            if found.get(name) != rows
        ]
    findings.lost += [where + fault for fault in told_wrongly(warehouse, posts.taken)]
    findings.messages_repeated += sum(posts.taken.values()) - len(posts.taken)
    findings.half_published += [f"{where}{stray.name} is left" for stray in warehouse.folder.glob(STRAYS)]


def told_wrongly(warehouse: Warehouse, taken: Mapping[tuple[str, str], int]) -> list[str]:
    """Alerts that no message told, or several told as new, and posts that are not a stored message, in words.

    `taken`: title and text of a post -> how often it came.
    """
    with warehouse.write() as connection:
        messages = {
            (row[1], row[2]): row[0]
            for row in connection.execute("SELECT message_id, title, body FROM main.alert_message").fetchall()
        }
        notices = read_table(connection, "main.alert_notice").select("message_id", "alert_id").rows()
        alerts = connection.execute(TO_TELL).fetchall()
        again = connection.execute(TOLD_AGAIN).fetchall()
    arrived = {messages[post] for post in taken if post in messages}
    told = {alert_id for message_id, alert_id in notices if message_id in arrived}
    faults = [f"alert never told: {title}" for alert_id, title in alerts if alert_id not in told]
    faults += [f"alert told {count} times as new to {target}: {alert_id}" for alert_id, target, count in again]
    return faults + [f"a post is no stored message: {title}" for title, text in taken if (title, text) not in messages]
