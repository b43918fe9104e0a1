"""What people read in the terminal: tables and progress. Prints what it is given; text from outside is escaped."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import duckdb
import polars as pl
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from pipelines.snapshots.load_body import Promotion
from pipelines.snapshots.reparse import Restatement
from pipelines.sources.catalog import Source
from pipelines.usage.import_files import FileOutcome
from pipelines.usage.importer import Importer
from pipelines.warehouse.database import Warehouse

Advance = Callable[[str], None]

WIDTH_OF_A_PIPE = 170
MAX_ROWS = 50
MAX_CELL = 80
MAX_LINE = 1_000
"""Of a path or a reason on a line of its own, which terminals wrap and files keep whole."""
MANY_FILES = 20
"""From here on files are told in sums."""
MAX_SHOWN = 10
"""Of what may be many and is told in passing."""


def console() -> Console:
    """Standard output; wide where it is a file or a pipe, so that tables are not folded for nobody."""
    shown = Console()
    return shown if shown.is_terminal else Console(width=WIDTH_OF_A_PIPE)


@contextmanager
def progress(console: Console, total: int) -> Iterator[Advance]:
    """A progress bar on stderr; the function given advances it and says what comes next."""
    columns = (TextColumn("{task.description:<32}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=not console.is_terminal) as bar:
        task = bar.add_task("starting", total=total)
        started = False

        def advance(name: str) -> None:
            nonlocal started
            bar.update(task, description=escape(name), advance=1 if started else 0)
            started = True

        yield advance
        bar.update(task, completed=total, description="done")


def cell(value: Any, limit: int = MAX_CELL) -> str:
    """One value as bounded, escaped, printable text; NULL as an empty cell."""
    if value is None:
        return ""
    text = "".join(character if character.isprintable() else " " for character in str(value))
    return escape(text if len(text) <= limit else text[: limit - 1] + "…")


def print_frame(console: Console, frame: pl.DataFrame, title: str, limit: int = MAX_ROWS) -> None:
    """A frame as a table; says how many rows are not shown."""
    table = Table(title=escape(title), title_justify="left", header_style="bold")
    for name, dtype in frame.schema.items():
        table.add_column(escape(name), justify="right" if dtype.is_numeric() else "left", overflow="fold")
    for row in frame.head(limit).iter_rows():
        table.add_row(*(cell(value) for value in row))
    console.print(table)
    if frame.height > limit:
        console.print(f"... and {frame.height - limit} rows more")


def print_relation(console: Console, relation: duckdb.DuckDBPyRelation | None) -> None:
    """The result of a query."""
    if relation is not None:
        frame = relation.pl()
        print_frame(console, frame, f"{frame.height} rows", limit=1_000)


def print_promotion(console: Console, promotion: Promotion) -> None:
    """What became of one page."""
    console.print(
        f"{promotion.source}: {promotion.outcome}, {promotion.row_count} rows, {promotion.reject_count} refused, "
        f"{promotion.held_count} held, {promotion.change_count} versions opened",
        highlight=False,
    )
    if promotion.reason:
        console.print(f"reason: {cell(promotion.reason, MAX_LINE)}", highlight=False, soft_wrap=True)


def print_restatement(console: Console, restatement: Restatement) -> None:
    """What reading a source's archive again has changed."""
    console.print(
        f"{restatement.source}: {restatement.body_count} pages read again, "
        f"{restatement.corrected_count} keys restated, {restatement.new_count} new, "
        f"{restatement.withdrawn_count} withdrawn, {restatement.kept_count} kept",
        highlight=False,
        soft_wrap=True,
    )
    for fetched_at, reason in restatement.unread[:MAX_SHOWN]:
        console.print(f"not read: {fetched_at}: {cell(reason, MAX_LINE)}", highlight=False, soft_wrap=True)
    if len(restatement.unread) > MAX_SHOWN:
        console.print(f"... and {len(restatement.unread) - MAX_SHOWN} pages more that were not read")
    if not restatement.differences.is_empty():
        print_frame(console, restatement.differences, "what was believed and what is now", MAX_SHOWN)


def print_imports(console: Console, outcomes: Sequence[FileOutcome]) -> None:
    """What became of usage files: of many files only their sums, and each one that was refused."""
    imported = [outcome for outcome in outcomes if outcome.outcome == "imported"]
    if len(imported) > MANY_FILES:
        _print_line(console, f"{len(imported)} files", *_sums(imported))
    for outcome in outcomes:
        name = cell(outcome.file, MAX_LINE)
        if outcome.outcome == "imported":
            if len(imported) <= MANY_FILES:
                _print_line(console, name, *_sums([outcome]))
        elif outcome.outcome == "refused" or len(outcomes) <= MANY_FILES:
            line = f"{name}: {outcome.outcome}: {cell(outcome.reason, MAX_LINE)}"
            console.print(line, highlight=False, soft_wrap=True)


def _sums(outcomes: Sequence[FileOutcome]) -> tuple[int, int, int, int]:
    return (
        sum(outcome.row_count for outcome in outcomes),
        sum(outcome.new_count for outcome in outcomes),
        sum(outcome.duplicate_count for outcome in outcomes),
        sum(outcome.reject_count for outcome in outcomes),
    )


def _print_line(console: Console, name: str, rows: int, new: int, known: int, refused: int) -> None:
    told = f"{name}: {rows} rows, {new} new, {known} known already, {refused} refused (see core.usage_reject)"
    console.print(told, highlight=False, soft_wrap=True)


def print_formats(console: Console, importers: Sequence[Importer]) -> None:
    """Name of each format and what it is."""
    table = Table("format", "what it is")
    for importer in sorted(importers, key=lambda one: one.name):
        table.add_row(importer.name, importer.description)
    console.print(table)


def print_sources(
    console: Console, warehouse: Warehouse, sources: Sequence[Source], environ: Mapping[str, str]
) -> None:
    """The catalog beside the newest health of each source, where there is a published file."""
    columns = ("source", "kind", "standing", "is_proven", "url")
    frame = pl.DataFrame([(s.key, s.kind, s.standing, s.is_proven, s.urls[0]) for s in sources], columns, orient="row")
    if warehouse.published_file.exists():
        with warehouse.read() as connection:
            health = connection.sql(
                "SELECT source, status, last_success_at, row_count, open_hold_count FROM source_health "
                "QUALIFY as_of = max(as_of) OVER ()"
            ).pl()
        frame = frame.join(health, on="source", how="left")
    print_frame(console, frame, f"{frame.height} sources", limit=frame.height)
    for source in sources:
        if source.api_key is not None and not source.is_asked(environ):
            console.print(f"not asked: {source.key}, as {source.api_key.variable} is not set", highlight=False)


def print_failures(console: Console, phases: Sequence[Any]) -> None:
    """What failed in a run, step by step, with its reason."""
    for phase in phases:
        for step, reason in phase.failures.items():
            console.print(f"FAILED {cell(step)}: {escape(reason)}", highlight=False, soft_wrap=True)


def print_run(console: Console, warehouse: Warehouse, phases: Sequence[Any]) -> bool:
    """What a run did, in plain words. Returns whether the tables were built and published."""
    print_failures(console, phases)
    is_built = all(phase.is_success for phase in phases if phase.name in ("tables", "decisions"))
    if is_built and not all(phase.is_success for phase in phases):
        console.print("The sources named above keep their last good version in force; everything else was built.")
    if is_built:
        with warehouse.read() as connection:
            print_relation(console, connection.sql(_HEALTH))
        console.print(f"Published: {warehouse.published_file}", highlight=False)
    return is_built


_HEALTH = """
SELECT source, status, last_success_at, row_count, reject_count, open_hold_count, reason
FROM source_health QUALIFY as_of = max(as_of) OVER () ORDER BY source
"""


def print_demo(console: Console, warehouse: Warehouse, *, is_unchanged: bool) -> None:
    """What the demo found: spend, changes, risks, break-even, forecast, alerts."""
    with warehouse.read() as connection:
        for title, query in _DEMO_TABLES.items():
            print_frame(console, connection.sql(query).pl(), title, limit=12)
    if is_unchanged:
        console.print("Nothing changed: every table holds the same rows as before this run.")
    console.print(f"\nThe DuckDB file: {warehouse.published_file}\nThree queries to try:", highlight=False)
    for query in _QUERIES_TO_TRY:
        folder = warehouse.folder
        console.print(f'  .venv/bin/costs --warehouse {folder} sql "{escape(query)}"', highlight=False, soft_wrap=True)


_DEMO_TABLES = {
    "Spend by month": """
        SELECT strftime(usage_date, '%Y-%m') AS month, provider, round(sum(cost_usd), 2) AS cost_usd,
            sum(quantity) FILTER (meter_group <> 'fee') AS tokens
        FROM cost_daily GROUP BY ALL ORDER BY ALL""",
    "Price changes": """
        SELECT changed_on, model, meter, old_usd_per_unit AS old, new_usd_per_unit AS new, round(pct_change, 1) AS pct,
            valid_from::DATE AS since, source, round(usd_per_month_effect, 2) AS usd_per_month
        FROM price_change
        WHERE kind = 'changed' AND service_tier = 'standard' AND context_from = 0 AND source LIKE '%pricing'
        ORDER BY changed_on DESC, model, meter""",
    "Models that end": """
        SELECT as_of, model, project_id, days_left, level, round(spend_30d_usd, 2) AS spend_30d_usd, replacement,
            round(replacement_delta_pct, 1) AS pct, round(monthly_delta_usd, 2) AS usd_per_month
        FROM deprecation_risk QUALIFY as_of = max(as_of) OVER () ORDER BY score DESC""",
    "When own GPUs pay (2 H100, Llama 3.3 70B)": """
        SELECT api_model, gpu_provider, gpu_tier, usd_per_gpu_hour, answer
        FROM break_even QUALIFY as_of = max(as_of) OVER () ORDER BY api_model, usd_per_gpu_hour""",
    "This month's end": """
        SELECT as_of, model, round(spent_usd, 2) AS spent_usd, round(projected_usd, 2) AS projected_usd,
            round(low_usd, 2) AS low_usd, round(high_usd, 2) AS high_usd, method
        FROM spend_forecast QUALIFY as_of = max(as_of) OVER () ORDER BY projected_usd DESC""",
    "Usage without a price": """
        SELECT unpriced_reason, first_price_on, count(DISTINCT usage_date) AS days, min(usage_date) AS first_day,
            max(usage_date) AS last_day, sum(quantity) AS quantity,
            string_agg(DISTINCT model, ', ' ORDER BY model) AS models
        FROM cost_unpriced GROUP BY ALL ORDER BY quantity DESC""",
    "Alerts": "SELECT alert_on, severity, rule, title FROM alert ORDER BY (severity = 'info'), alert_on DESC",
}

_QUERIES_TO_TRY = (
    "SELECT usage_date, model, sum(cost_usd) AS usd FROM cost_daily GROUP BY ALL ORDER BY 1 DESC, 3 DESC LIMIT 20",
    "FROM price_change WHERE kind = 'changed' ORDER BY changed_on DESC",
    "SELECT model, days_left, replacement, monthly_delta_usd FROM deprecation_risk WHERE level <> 'low'",
)


def print_quote(console: Console, answer: dict[str, Any]) -> None:
    """The cost of one request and what it rests on, line by line."""
    table = Table(title=f"{cell(answer['model'])} at {answer['at']}, {answer['service_tier']}")
    for name in ("meter", "quantity", "usd_per_unit", "unit", "cost_usd", "valid_from", "source", "page"):
        table.add_column(name.replace("_", " "), overflow="fold")
    for line in answer["lines"]:
        shown = [line["cost_usd"] or f"none: {line['reason']}"]
        table.add_row(
            cell(line["meter"]),
            f"{line['quantity']:,}",
            *(cell(line[name]) for name in ("usd_per_unit", "unit")),
            *map(cell, shown),
            *(cell(line.get(name)) for name in ("valid_from", "source", "page")),
        )
    console.print(table)
    if answer["cost_usd"] is not None:
        console.print(f"cost: {answer['cost_usd']} USD")
        return
    console.print(f"no price: {cell(answer['reason'])}")
    for name in ("detail", "nearest"):
        if answer.get(name):
            console.print(f"{name}: {cell(answer[name])}")
