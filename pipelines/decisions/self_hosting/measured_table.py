"""The table of measured throughput: what ships with the program, and what the user adds in throughput.csv.

Reads and checks lines. Which point serves a workload is `throughput`'s question.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path

from pipelines.models.user_csv import UserFileError, csv_lines

SHIPPED = Path(__file__).parent / "shipped"
USER_FILE = "throughput.csv"
"""In the warehouse folder: same header, same meaning, and it wins over a shipped point of the same id."""
COLUMNS = (
    "throughput_id",
    "model",
    "gpu",
    "variant",
    "precision",
    "engine",
    "parallelism",
    "gpus_per_replica",
    "input_tokens",
    "output_tokens",
    "load",
    "concurrency",
    "out_tok_s_per_gpu",
    "in_tok_s_per_gpu",
    "ttft_s",
    "tok_s_per_user",
    "measured_on",
    "source",
    "tier",
)
LOADS = ("queued", "concurrent", "goal", "single_stream")
"""All requests at once; a fixed number of them; the most that met a stated goal; one at a time, phases apart."""
TIERS = ("solid", "medium", "weak", "modelled")
_NEEDED = ("throughput_id", "model", "gpu", "source", "measured_on", "tier", "load", "gpus_per_replica")
_LENGTHS = ("input_tokens", "output_tokens", "concurrency", "gpus_per_replica")
_RATES = ("out_tok_s_per_gpu", "in_tok_s_per_gpu", "ttft_s", "tok_s_per_user")


@dataclass(frozen=True)
class Measurement:
    """One measured point, per GPU. Lengths are means of one request; None where the source tells none.

    In a `single_stream` point input and output rates hold one after the other, else both at the same time.
    """

    throughput_id: str
    model: str
    gpu: str
    variant: str
    precision: str
    engine: str
    parallelism: str
    gpus_per_replica: int
    input_tokens: int | None
    output_tokens: int | None
    load: str
    concurrency: int | None
    out_tok_s_per_gpu: Decimal | None
    in_tok_s_per_gpu: Decimal | None
    ttft_s: Decimal | None
    tok_s_per_user: Decimal | None
    measured_on: str
    source: str
    tier: str

    @property
    def setup(self) -> tuple[str, ...]:
        """What must be the same for two points to be neighbours."""
        cards = (self.gpu, self.variant, str(self.gpus_per_replica))
        kind = "single_stream" if self.load == "single_stream" else "queued" if self.load == "queued" else "concurrent"
        return (self.model, *cards, self.precision, self.engine, self.parallelism, kind)


@cache
def shipped_measurements() -> tuple[Measurement, ...]:
    """The points that ship with the program."""
    with (SHIPPED / "throughput.csv").open(newline="") as text:
        return tuple(_measurement(f"throughput.csv line {n}", row) for n, row in enumerate(csv.DictReader(text), 2))


def measurements(own: Sequence[Measurement] = ()) -> tuple[Measurement, ...]:
    """Shipped points and the user's own, which win over shipped ones of the same id."""
    ids = {point.throughput_id for point in own}
    return (*(point for point in shipped_measurements() if point.throughput_id not in ids), *own)


def parse_measurements(path: Path, content: bytes) -> tuple[Measurement, ...]:
    """The points of a user's throughput.csv. Raises UserFileError that names file, line and remedy."""
    own: dict[str, Measurement] = {}
    for line, cells in csv_lines(path, content, COLUMNS, ()) if content.strip() else ():
        where = f"{path} line {line}"
        point = _measurement(where, cells)
        if point.throughput_id in own:
            raise UserFileError(f"{where}: throughput_id {point.throughput_id!r} is twice; give each point its own")
        own[point.throughput_id] = point
    return tuple(own.values())


def _measurement(where: str, cells: dict[str, str]) -> Measurement:
    for name in _NEEDED:
        if not cells[name]:
            raise UserFileError(f"{where}: {name} is empty; every point needs {', '.join(_NEEDED)}")
    _one_of(where, "load", cells["load"], LOADS)
    _one_of(where, "tier", cells["tier"], TIERS)
    numbers = {name: _whole(where, name, cells[name]) for name in _LENGTHS}
    rates = {name: _positive(where, name, cells[name]) for name in _RATES}
    if rates["out_tok_s_per_gpu"] is None and rates["in_tok_s_per_gpu"] is None:
        raise UserFileError(f"{where}: no rate; write out_tok_s_per_gpu in output tokens per second and GPU")
    texts = {name: cells[name] for name in COLUMNS if name not in numbers and name not in rates}
    return Measurement(**texts, **numbers, **rates)  # type: ignore[arg-type] # gpus_per_replica is never empty


def _one_of(where: str, name: str, text: str, allowed: Sequence[str]) -> None:
    if text not in allowed:
        raise UserFileError(f"{where}: {name} {text!r}; write one of {', '.join(allowed)}")


def _whole(where: str, name: str, text: str) -> int | None:
    least = 0 if name == "output_tokens" else 1
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= 10**9:
        raise UserFileError(f"{where}: {name} {text!r}; write a whole number from {least}, such as 1024")
    return int(text)


def _positive(where: str, name: str, text: str) -> Decimal | None:
    if not text:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal(0)
    if not number.is_finite() or number <= 0:
        raise UserFileError(f"{where}: {name} {text!r}; write a number above 0, such as 1024.5")
    return number
