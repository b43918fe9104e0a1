"""The page as one file: the published file is read, sections are made, charts are drawn, the template is filled."""

import re
from collections.abc import Mapping
from datetime import date
from importlib.metadata import version
from os.path import relpath
from pathlib import Path
from typing import NamedTuple

import jinja2
from duckdb import DuckDBPyConnection
from markupsafe import Markup, escape

from pipelines.report import section_of_month_end, section_of_savings, sections_of_market, sections_of_spend
from pipelines.report.asked import Asked, month_to_date
from pipelines.report.draw import scripts, svg
from pipelines.report.queries import run_all
from pipelines.report.section import Answer, Section
from pipelines.warehouse.atomic_file import atomic_file
from pipelines.warehouse.published import REPORT_FILE, PublishedWarehouse

HERE = Path(__file__).parent


class Written(NamedTuple):
    """A page that was written, and the answers that it shows."""

    file: Path
    asked: Asked
    answers: Mapping[str, Answer]


def write_report(
    warehouse: PublishedWarehouse,
    today: date,
    first: date | None = None,
    last: date | None = None,
    owner: str = "",
    output: Path | None = None,
) -> Written:
    """Write the page of a period; by default the month of the newest day with spend, up to it.

    Raises WarehouseError without a published file, ValueError where the period ends before it begins or no usage is
    of the owner.
    """
    file = output or warehouse.folder / REPORT_FILE
    with warehouse.read() as connection:
        spent_from, spent_to = _days_with_spend(connection, owner)
        if owner and spent_from is None:
            raise ValueError(
                f"no usage is of {owner}; cost_by_owner has accounts, teams, projects, keys, users, features"
            )
        by_default = month_to_date(last or spent_to or today)
        asked = Asked(first or by_default.first, by_default.last, owner)
        if asked.first > asked.last:
            raise ValueError(f"the period ends on {asked.last}, before it begins on {asked.first}")
        answers = run_all(connection, asked, spent_from)
    text = page(answers, asked, warehouse.folder, file)
    with atomic_file(file) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return Written(file, asked, answers)


def _days_with_spend(connection: DuckDBPyConnection, owner: str) -> tuple[date | None, date | None]:
    query = "SELECT min(usage_date), max(usage_date) FROM spend_of($owner)"
    ((first, last),) = connection.execute(query, {"owner": owner}).fetchall()
    return first, last


def sections(answers: dict[str, Answer], asked: Asked) -> list[Section]:
    """All sections in the order in which people ask."""
    pages = answers["pages"].frame["source"].to_list()
    spend, market = sections_of_spend, sections_of_market
    return [
        spend.attention(answers, asked),
        spend.spend(answers, asked, [source for source in pages if "pricing" in source]),
        section_of_month_end.month_end(answers, asked),
        market.price_changes(answers, asked),
        market.retirements(answers, asked),
        section_of_savings.hidden_and_savings(answers, asked),
        market.break_even(answers, asked),
        market.price_history(answers, asked),
        market.gpu_rates(answers, asked),
        market.trust(answers, asked),
        market.alerts(answers, asked),
    ]


def page(answers: dict[str, Answer], asked: Asked, folder: Path, file: Path) -> str:
    """The whole page as HTML. Links to stored pages go from the folder of the file."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE), autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    stored = answers["pages"].frame.rows(named=True)
    to_folder = relpath(folder.resolve(), file.resolve().parent)
    return environment.get_template("page.html.j2").render(
        sections=sections(answers, asked),
        asked=asked,
        before=asked.before,
        pages=[one | {"href": f"{to_folder}/{one['archive_path']}"} for one in stored],
        stored={one["source"] for one in stored},
        pages_answer=answers["pages"],
        svg=lambda chart: _trusted(_named(svg(chart.spec), chart.description)),
        style=_trusted((HERE / "page.css").read_text(encoding="utf-8")),
        scripts=_trusted(scripts()),
        script=_trusted((HERE / "page.js").read_text(encoding="utf-8")),
        program=version("inference-cost-warehouse"),
    )


def _trusted(text: str) -> Markup:
    """Text of our own files, or markup that was escaped where it was made."""
    return Markup(text)  # noqa: S704


def _named(drawing: str, description: str) -> str:
    """A drawing that grows with its place and says to a screen reader what it is."""
    sized = re.sub(r'<svg ([^>]*?)width="[\d.]+" height="[\d.]+"', r"<svg \1", drawing, count=1)
    return sized.replace("<svg ", f'<svg role="img" aria-label="{escape(description)}" ', 1)
