"""What each query of the cookbook answers on the demo, as a page: `python -m tools.cookbook_answers` after `make demo`.

The page is docs/cookbook_answers.md. Answers are cut to the first rows and to what is readable; the queries are not.
"""

import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipelines.warehouse import SQL_FOLDER
from pipelines.warehouse.published import PublishedWarehouse

PAGE = Path(__file__).resolve().parents[1] / "docs" / "cookbook_answers.md"
DEMO = Path("warehouse/demo")
ROWS = 5
CELL = 60
HEAD = """# What the cookbook answers on the demo

Made by `make demo`, then `python -m tools.cookbook_answers`. The first {rows} rows of each answer; the usage is made
up, prices and dates are not. [The queries by subject](cookbook.md).
"""


def page(warehouse: PublishedWarehouse) -> str:
    """Every query by name: its question, and its first rows as a table."""
    parts = [HEAD.format(rows=ROWS)]
    with warehouse.read() as connection:
        for file in sorted((SQL_FOLDER / "cookbook").glob("*.sql")):
            found = connection.sql(file.read_text(encoding="utf-8"))
            names, rows = found.columns, found.fetchall()
            parts.append(f"## {file.stem}\n\n{question(file)}\n\n{table(names, rows)}")
    return "\n".join(parts)


def question(file: Path) -> str:
    """The comment that a query begins with."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return " ".join(line.removeprefix("--").strip() for line in lines if line.startswith("--"))


def table(names: list[str], rows: list[tuple[Any, ...]]) -> str:
    """The first rows in Markdown, and how many more there are; a word where there are none."""
    if not rows:
        return "No rows.\n"
    lines = [_line(names), _line("---" for _ in names), *(_line(map(cell, row)) for row in rows[:ROWS])]
    more = len(rows) - ROWS
    return "\n".join([*lines, "", *([f"{more} rows more.", ""] if more > 0 else [])])


def cell(value: Any) -> str:
    """One value in a row of Markdown: no markup of its own, and not too long."""
    if value is None:
        return ""
    shown = str(value)
    if isinstance(value, Decimal):
        shown = f"{value.normalize():f}"
    elif isinstance(value, float):
        shown = f"{value:.6g}"
    cut = shown if len(shown) <= CELL else shown[: CELL - 1] + "…"
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>|" else " " if letter in "\r\n" else letter for letter in cut)


def _line(cells: Any) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    PAGE.write_text(page(PublishedWarehouse(Path(sys.argv[1]) if sys.argv[1:] else DEMO)), encoding="utf-8")
