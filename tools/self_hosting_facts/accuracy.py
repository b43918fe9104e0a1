"""Write docs/throughput_accuracy.md: published throughput against what the table answers, with each error.

`python -m tools.self_hosting_facts.accuracy [REFERENCES]`. REFERENCES is a CSV with the columns model, precision, gpu,
n_gpu, isl, osl, scenario, out_tok_s_per_gpu and source of figures that were collected apart from the table.
"""

import csv
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from statistics import median
from typing import Annotated

import typer

from pipelines.decisions.self_hosting.capacity import Headroom
from pipelines.decisions.self_hosting.measured_table import Measurement, shipped_measurements
from pipelines.decisions.self_hosting.request import Goal, Lengths
from pipelines.decisions.self_hosting.throughput import Serving, serving, servings
from tools.self_hosting_facts.card_names import card_named

DOCUMENT = Path(__file__).parents[2] / "docs" / "throughput_accuracy.md"
FULL = Headroom(Decimal(1))
SAID = {"Llama-4-Maverick": "Llama-4-Maverick-400B-A17B", "LLaMA-7B": "Llama-2-7B", "LLaMA-70B": "Llama-2-70B"}
AT_A_GOAL = (
    # model, card, lengths, tokens/s per user, published tok/s per GPU, where it is printed
    ("DeepSeek-R1-0528", ("H200", "SXM"), (1024, 1024), "30", "236.55", "InferenceMAX run_20621824084"),
    ("GPT-OSS-120B", ("H100", "SXM"), (1024, 1024), "65", "2055.96", "InferenceMAX run_20667906037"),
    ("GPT-OSS-120B", ("H100", "SXM"), (8192, 1024), "30", "1140.03", "InferenceMAX run_20667906037"),
    ("Qwen3-8B", ("H100", "SXM"), (2048, 2048), "20", "3653.1", "tgarg01/silybench-data capacity.csv@93e4887"),
    ("Qwen3-8B", ("H100", "SXM"), (128, 128), "20", "16541.95", "tgarg01/silybench-data capacity.csv@93e4887"),
    ("Qwen3-8B", ("H100", "SXM"), (128, 1024), "20", "15103.48", "tgarg01/silybench-data capacity.csv@93e4887"),
)
PRINTED_BREAK_EVENS = (
    # lengths, requests a day and use of capacity as printed: Qwen3-8B fp8 on one H100 SXM, 2.69 USD an hour, against
    # 0.20 USD per million tokens, at p99 TTFT <= 2 s and median ITL <= 50 ms
    ((2048, 2048), "78808.59375", "0.5113618379287445"),
    ((128, 128), "1260937.5", "0.11292835003685406"),
    ((128, 1024), "280208.3333333333", "0.21988230945305443"),
)
HEAD = """# What the table of measured throughput answers, and how far it is off

Written by `python -m tools.self_hosting_facts.accuracy REFERENCES`; a test holds it to the table that ships.
Output tokens per second and GPU at full load. What the rule is: docs/self_hosting.md.
"""


@dataclass(frozen=True)
class Line:
    """One published figure and the nearest answer of the table; None where it has none, with the reason."""

    what: str
    published: Decimal
    answered: Fraction | None
    reason: str


def write(
    references: Annotated[Path | None, typer.Argument(help="Figures collected apart from the table.")] = None,
    target: Annotated[Path, typer.Option(help="Where to write.")] = DOCUMENT,
) -> None:
    """Write the document."""
    target.write_text(document(references))


def document(references: Path | None) -> str:
    """The whole text. Without references the first part is left out."""
    parts = [HEAD]
    if references:
        parts.append(
            "\n## Published figures, and the table's answer at the same lengths\n\n" + _table(_published(references))
        )
    parts.append("\n## At a goal of latency\n\n" + _table(_at_goal()))
    parts.append("\n## Break-evens that a third party printed\n\n" + _break_evens())
    parts.append("\n## Each measured point of NVIDIA and InferenceMAX from its neighbours alone\n\n" + _left_out())
    return "".join(parts)


def _published(file: Path) -> Iterator[Line]:
    source = ""
    with file.open(newline="") as text:
        for row in csv.DictReader(text):
            model = SAID.get(row["model"], row["model"])
            source = row["source"] if row["source"] != "same" else source
            what = f"{row['model']} {row['precision']}, {row['n_gpu']}x {row['gpu']}, {row['isl']}/{row['osl']}, "
            what += f"{row['engine']}: {_short(source)}"
            published = Decimal(row["out_tok_s_per_gpu"])
            if not (row["isl"].isdigit() and row["osl"].isdigit() and int(row["osl"])):
                yield Line(what, published, None, "the source tells no lengths")
                continue
            card = card_named(row["gpu"])
            found, missing = servings(
                shipped_measurements(), model, Lengths(int(row["isl"]), int(row["osl"])), Goal(), [card]
            )
            same = [one for one in found if str(one.gpus_per_replica) == row["n_gpu"]] or found
            rates = [_rate(one, int(row["osl"])) for one in same]
            nearest = min(rates, key=lambda rate: abs(rate - Fraction(published)), default=None)
            yield Line(what, published, nearest, missing[0].reason if missing else "")


def _short(source: str) -> str:
    """A source as it is shown: paths of other repositories are none of this one."""
    return source.replace(" docs/source/", ": ")[:60]


def _at_goal() -> Iterator[Line]:
    for model, card, lengths, speed, published, source in AT_A_GOAL:
        found, _ = servings(shipped_measurements(), model, Lengths(*lengths), Goal(None, Decimal(speed)), [card])
        rates = [_rate(one, lengths[1]) for one in found]
        what = f"{model}, {' '.join(card)}, {lengths[0]}/{lengths[1]}, {speed} tokens/s per user: {source}"
        yield Line(what, Decimal(published), max(rates, default=None), "")


def _break_evens() -> str:
    """tgarg01/silybench-data comparisons.csv@93e4887: what is rented all day against what is billed by the token."""
    shown = ["| lengths | requests a day, printed | here | use of capacity, printed | here |", "|--|--|--|--|--|"]
    for lengths, requests, use in PRINTED_BREAK_EVENS:
        goal = Goal(Decimal(2), Decimal(20))
        found, _ = servings(shipped_measurements(), "Qwen3-8B", Lengths(*lengths), goal, [("H100", "SXM")])
        per_day = max(one.requests_per_s(FULL, 1) for one in found) * 86_400
        needed = Fraction("2.69") * 24 / (Fraction(20, 100) * sum(lengths) / 1_000_000)
        ours = (f"{float(needed):,.1f}", f"{float(Decimal(use)):.4f}", f"{float(needed / per_day):.4f}")
        shown.append(f"| {lengths[0]}/{lengths[1]} | {float(Decimal(requests)):,.1f} | " + " | ".join(ours) + " |")
    return "\n".join(shown) + "\n"


def _left_out() -> str:
    """Errors by model and card of points that lie between others of their setup."""
    errors = defaultdict(list)
    for (model, card), error in left_out_errors():
        errors[model, card].append(error)
    lines = ["| model | card | points | median error | lowest | highest |", "|--|--|--|--|--|--|"]
    for (model, card), found in sorted(errors.items()):
        shown = (median(found), min(found), max(found))
        lines.append(
            f"| {model} | {card} | {len(found)} | " + " | ".join(f"{100 * one:+.1f} %" for one in shown) + " |"
        )
    every = [error for found in errors.values() for error in found]
    off = sorted(abs(error) for error in every)
    mean = 100 * sum(every) / len(every)
    lines.append(
        f"\n{len(every)} points: half are off by less than {100 * median(off):.1f} %, nine of ten by less than "
        f"{100 * off[len(off) * 9 // 10]:.1f} %, the worst by {100 * off[-1]:.1f} %; on the mean {mean:+.1f} %, "
        "so a capacity errs low more often than high.\n"
    )
    return "\n".join(lines)


def left_out_errors() -> Iterator[tuple[tuple[str, str], float]]:
    """(model, card), relative error of each point that its neighbours of the same setup and load can tell of."""
    setups: dict[tuple[object, ...], list[Measurement]] = defaultdict(list)
    for point in shipped_measurements():
        if point.input_tokens and point.output_tokens and point.out_tok_s_per_gpu and point.load != "single_stream":
            setups[(*point.setup, point.concurrency)].append(point)
    for setup in setups.values():
        yield from _errors_of(setup)


def _errors_of(setup: Sequence[Measurement]) -> Iterator[tuple[tuple[str, str], float]]:
    for point in setup:
        lengths = (point.input_tokens or 0, point.output_tokens or 0)
        others = [p for p in setup if (p.input_tokens, p.output_tokens) != lengths]
        found = serving(others, Lengths(*lengths), Goal()) if len(others) > 1 else None
        if isinstance(found, Serving) and found.basis == "interpolated":
            card = " ".join(part for part in (point.gpu, point.variant) if part)
            error = _rate(found, lengths[1]) / Fraction(point.out_tok_s_per_gpu or 1) - 1
            yield (point.model, card), float(error)


def _rate(one: Serving, output_tokens: int) -> Fraction:
    return one.requests_per_s(FULL, 1) * output_tokens / one.gpus_per_replica


def _table(lines: Iterator[Line]) -> str:
    shown = ["| figure | published | table | error |", "|--|--|--|--|"]
    for line in lines:
        if line.answered is None:
            shown.append(f"| {line.what} | {line.published:,} | unknown | {line.reason} |")
        else:
            error = 100 * (float(line.answered) / float(line.published) - 1)
            shown.append(f"| {line.what} | {line.published:,} | {float(line.answered):,.1f} | {error:+.1f} % |")
    return "\n".join(shown) + "\n"


if __name__ == "__main__":
    typer.run(write)
