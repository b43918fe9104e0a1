"""Build the facts about serving that ship with the program: `python -m tools.self_hosting_facts.build TABLES`.

TABLES is a folder with throughput.csv, inferencemax_curves.csv, hardware.csv, open_models.csv, managed.csv and
finetune.csv as they were collected, one fact a line with source, date and tier of trust. Only figures are taken over.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from pipelines.decisions.self_hosting.measured_table import COLUMNS
from tools.self_hosting_facts.card_names import card_named

SHIPPED = Path(__file__).parents[2] / "pipelines" / "decisions" / "self_hosting" / "shipped"
CURVES = "InferenceMAX"
CURVES_ON = "2026-01-19"
"""Latest commit of the copy that holds the raw runs; the runs are of 2025-12 and 2026-01."""
GOAL_MET = {"ttft_s": "2", "tok_s_per_user": "20"}
"""What 'p99 TTFT <= 2 s and median ITL <= 50 ms' guarantees."""
UNKNOWN = "unknown"
"""Day of a page whose version could not be dated."""
SELLERS = ("together", "groq", "fireworks", "alibaba", "deepinfra", "nextbit", "cerebras")
FIGURE = ("id", "value", "high", "unit", "as_of", "source", "tier")
_LOADS = (("single stream", "single_stream"), ("AT SLO", "goal"), (CURVES, "concurrent"), ("closed loop", "concurrent"))
_MODELS = {"Llama2-70B": "Llama-2-70B", "Llama3.1-8B": "Llama-3.1-8B"}
_PRECISIONS = {"MXFP4": "mxfp4", "fp8?": "", "f16": "fp16"}

Row = dict[str, str]


def build(
    tables: Annotated[Path, typer.Argument(help="Folder with the collected tables.", file_okay=False, exists=True)],
    target: Annotated[Path, typer.Option(help="Where to write; default: where the program reads it.")] = SHIPPED,
) -> None:
    """Read the six tables and write throughput.csv, figures.csv, open_models.csv and managed.csv."""
    measured = [*_throughput(tables / "throughput.csv"), *_curves(tables / "inferencemax_curves.csv")]
    measured.sort(key=lambda row: row["throughput_id"])
    _write(target / "throughput.csv", COLUMNS, measured)
    figures = [_figure(row) for name in ("hardware", "finetune") for row in _read(tables / f"{name}.csv")]
    _write(target / "figures.csv", FIGURE, [row for row in figures if row["tier"] != "rejected"])
    models = list(_open_models(tables / "open_models.csv"))
    _write(target / "open_models.csv", tuple(models[0]), models)
    offers = list(_managed(tables / "managed.csv"))
    _write(target / "managed.csv", tuple(offers[0]), offers)
    typer.echo(f"{len(measured)} measured points, {len(figures)} figures, {len(models)} models, {len(offers)} offers")


def _throughput(file: Path) -> Iterator[Row]:
    """Measured points without those of the curves, which come whole from their own table."""
    for row in _read(file):
        if not row["scenario"].startswith(CURVES):
            yield _point(row)


def _point(row: Row) -> Row:
    gpu, variant = card_named(row["gpu"])
    load = next((load for word, load in _LOADS if word in row["scenario"]), "queued")
    single_prefill = "PREFILL" in row["scenario"]
    goal = GOAL_MET if load == "goal" else {"ttft_s": row["median_ttft_s"], "tok_s_per_user": row["median_tok_s_user"]}
    is_whole = row["isl"].isdigit() and row["osl"].isdigit()
    return {
        "throughput_id": row["id"],
        "model": _MODELS.get(row["model"], row["model"]),
        "gpu": gpu,
        "variant": variant,
        "precision": _PRECISIONS.get(row["precision"], row["precision"]),
        "engine": row["engine"],
        "parallelism": row["parallelism"],
        "gpus_per_replica": row["n_gpu"],
        "input_tokens": row["isl"] if is_whole else "",
        "output_tokens": row["osl"] if is_whole else "",
        "load": "single_stream" if single_prefill else load,
        "concurrency": row["concurrency"],
        "out_tok_s_per_gpu": row["value"],
        "in_tok_s_per_gpu": row["in_tok_s_per_gpu"],
        **goal,
        "measured_on": row["as_of"] or UNKNOWN,
        "source": _public(row["source"]),
        "tier": row["tier"],
    }


def _curves(file: Path) -> Iterator[Row]:
    """Every concurrency of the curves, not only their frontier: a goal of latency needs the points between."""
    seen: set[str] = set()
    for row in _read(file):
        gpu, variant = card_named(row["gpu"].upper().removesuffix("-TRT"))
        setup = f"{row['model']}-{row['gpu']}-{row['precision']}-{row['framework']}-tp{row['tp']}-ep{row['ep']}"
        point = f"{row['isl']}-{row['osl']}-c{row['concurrency']}-{row['run'].removeprefix('run_')}"
        throughput_id = f"{CURVES}-{setup}-{point}".lower()
        if throughput_id in seen:
            raise ValueError(f"{throughput_id} is twice in {file}")
        seen.add(throughput_id)
        yield {
            "throughput_id": throughput_id,
            "model": row["model"],
            "gpu": gpu,
            "variant": variant,
            "precision": row["precision"],
            "engine": row["image"],
            "parallelism": f"TP{row['tp']} EP{row['ep']}",
            "gpus_per_replica": row["tp"],
            "input_tokens": row["isl"],
            "output_tokens": row["osl"],
            "load": "concurrent",
            "concurrency": row["concurrency"],
            "out_tok_s_per_gpu": row["out_tok_s_per_gpu"],
            "in_tok_s_per_gpu": row["in_tok_s_per_gpu"],
            "ttft_s": row["median_ttft_s"],
            "tok_s_per_user": row["median_tok_s_user"],
            "measured_on": CURVES_ON,
            "source": f"{CURVES} {row['run']} via gminneci/mantile@72ff84e",
            "tier": "medium",
        }


def _figure(row: Row) -> Row:
    """One figure or a range: '25000-30000' -> value 25000, high 30000."""
    low, _, high = row["value"].partition("-")
    taken = {name: row[name] for name in ("id", "unit", "as_of", "tier")}
    return taken | {"value": low, "high": high or low, "source": _public(row["source"])}


def _open_models(file: Path) -> Iterator[Row]:
    left_out = ("value", "unit", "notes", "source")
    for row in _read(file):
        kept = {name: text for name, text in row.items() if name not in left_out}
        yield kept | {"source": _public(row["source"]), "tier": "weak" if "(GK)" in row["source"] else "solid"}


def _managed(file: Path) -> Iterator[Row]:
    """Per-token prices and dedicated endpoints. What is rented as a bare GPU is in core.gpu_rate."""
    for row in _read(file):
        found = re.fullmatch(rf"({'|'.join(SELLERS)})-(.+)-(in|out)", row["id"])
        dedicated = re.fullmatch(rf"({'|'.join(SELLERS)})-dedicated-(.+)", row["id"])
        if found:
            meter = {"in": "input_uncached", "out": "output"}[found[3]]
            yield _offer(row, found[1], found[2], meter, row["value"])
            cached = re.fullmatch(r"cached ([0-9.]+)", row["notes"])
            if cached:
                yield _offer(row | {"id": f"{row['id']}-cached"}, found[1], found[2], "cache_read", cached[1])
        elif dedicated:
            yield _offer(row, dedicated[1], dedicated[2], "gpu_hour", row["value"])


def _offer(row: Row, seller: str, what: str, meter: str, usd: str) -> Row:
    month = re.match(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?", row["as_of"])
    as_of = f"{month[0]}-01-01"[:10] if month and len(month[0]) == 4 else f"{month[0]}-01"[:10] if month else ""
    source = _public(row["source"])
    fields = {"offer_id": row["id"], "seller": seller, "what": what, "meter": meter, "usd": str(Decimal(usd))}
    return fields | {"as_of": as_of, "source": source, "tier": row["tier"]}


def _public(source: str) -> str:
    """The address of the public page or file alone."""
    text = re.sub(r"^\w+ \w+/\w+\.csv: ", "", source)  # a table that collected it
    text = re.sub(r"capture \w+ \S+", "saved copy", text)
    text = re.sub(r"^\w+ \w+/\w+/\S+\.md \(([^)]*)\)", r"\1", text)
    text = re.sub(r" verbatim copy in a public repository.*", "", text)
    text = re.sub(r",? ?\(?find_string id [0-9]+\)? ?", "", text)
    return re.sub(r" via \w+ reference", " via gpu-price-index", text).strip()


def _read(file: Path) -> Iterator[Row]:
    with file.open(newline="") as text:
        yield from csv.DictReader(text)


def _write(file: Path, columns: Iterable[str], rows: list[Row]) -> None:
    with file.open("w", newline="") as text:
        writer = csv.DictWriter(text, list(columns), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    typer.run(build)
