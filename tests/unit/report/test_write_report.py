"""The page: its figures are the tables', names are text, it stays small, and a browser finds nothing to ask for."""

import json
import re
import shutil
import subprocess
from datetime import date
from decimal import Decimal

import pytest
from bs4 import BeautifulSoup

from pipelines.report.draw import VEGA_LITE, scripts
from pipelines.report.queries import QUERIES, written_in
from pipelines.report.write_report import write_report
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.published import WarehouseError

TODAY = date(2026, 10, 10)
HOSTILE = "</script><script>document.title='taken'</script><img src=x onerror=alert(1)>{{ 7*7 }}'; DROP TABLE x; --"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FILL = """
INSERT INTO main.cost_daily BY NAME
SELECT
    (DATE '2026-10-09' - d::INTEGER)::DATE AS usage_date, 'openai' AS provider, 'api' AS channel, 'global' AS region,
    CASE m WHEN 0 THEN $hostile ELSE 'model-' || m END AS model, 'standard' AS service_tier, 'default' AS account_id,
    'p' AS project_id, 'output' AS meter_group, 1000 AS quantity, 1.25 AS cost_usd, 1.25 AS list_cost_usd,
    1.25 AS effective_cost_usd, false AS is_lower_bound, 'billed' AS cost_basis
FROM range($days) AS days(d), range($models) AS models(m);
"""
OWNERS = """
INSERT INTO main.cost_by_owner BY NAME
SELECT
    (DATE '2026-10-09' - d::INTEGER)::DATE AS usage_date, 'default' AS account_id, 'p' AS project_id,
    CASE o WHEN 0 THEN $hostile ELSE 'team-' || o END AS team, 'user-' || o AS user_id, 1 AS usage_rows,
    1000 AS tokens, 0 AS unpriced_quantity, 0.5 AS cost_usd, 0.5 AS effective_cost_usd, false AS is_lower_bound
FROM range($days) AS days(d), range($owners) AS owners(o);
"""


def filled(folder, days, models, owners):
    warehouse = Warehouse(folder)
    with warehouse.write() as connection:
        connection.execute(FILL, {"hostile": HOSTILE, "days": days, "models": models})
        connection.execute(OWNERS, {"hostile": HOSTILE, "days": days, "owners": owners})
    warehouse.publish()
    return warehouse


@pytest.fixture(scope="module")
def year(tmp_path_factory):
    """A year of 20 models and 50 owners, 25 USD a day, one model and one team with a hostile name."""
    return filled(tmp_path_factory.mktemp("year"), 365, 20, 50)


@pytest.fixture(scope="module")
def report(year):
    return write_report(year, TODAY).file


@pytest.fixture(scope="module")
def soup(report):
    return BeautifulSoup(report.read_text(), "lxml")


def drawn_rows(soup):
    """The rows behind the chart of spend over time."""
    (rows,) = json.loads(soup.select_one("#spec-spend_over_time").text)["datasets"].values()
    return rows


def test_figures_are_those_of_the_tables(soup):
    """Nine days of 25 USD in October, as many in September; each model 1.25 a day, each owner 0.50."""
    figures = {one.dt.text: one.dd.a.text for one in soup.select("#spend .figure")}
    assert figures["Spend of the period"] == "$225.00"
    assert figures["Against the period before"] == "0 %"
    cells = {row.td.text: [cell.text for cell in row.select("td")][1:3] for row in soup.select("#spend tbody tr")}
    assert cells["model-7"] == ["$11.25", "$11.25"]
    assert cells["user-7"] == ["$4.50", "$4.50"]


def test_what_is_drawn_is_what_the_statement_finds(year, soup):
    rows = drawn_rows(soup)
    statement = next(pre.text for pre in soup.select("#spend pre") if "ten dearest models" in pre.text)
    with year.read() as connection:
        found = connection.sql(statement).pl()
    assert sum(Decimal(str(row["usd"])) for row in rows) == found["usd"].sum() == 365 * 25


def test_every_section_has_its_day_its_statements_and_its_answer(soup):
    order = [section["id"] for section in soup.select("main > section")]
    assert order == [
        "attention", "spend", "month-end", "price-changes", "retirements", "hidden", "break-even", "price-history",
        "gpu-rates", "trust", "alerts", "pages",
    ]  # fmt: skip
    for section in soup.select("main > section"):
        assert re.search(r"2026-\d\d-\d\d", section.select_one(".as-of").text), section["id"]
        assert section.select_one("details.origin pre").text.strip().startswith("-- "), section["id"]
        assert section.select_one(".lead").text.strip(), section["id"]


def test_names_are_text(report, soup):
    assert len(soup.select("script:not([type])")) == 2
    assert soup.select("img") == []
    assert HOSTILE in {cell.text for cell in soup.select("#spend td")}
    assert "49" not in soup.select_one("#spend .scroll").text
    assert soup.title.text == "Inference costs, 2026-10-01 to 2026-10-09"


def test_a_name_stays_a_value_in_a_statement():
    assert written_in("SELECT $owner", {"owner": "a'; DROP TABLE x"}) == "SELECT 'a''; DROP TABLE x'"


def test_a_year_of_twenty_models_and_fifty_owners_is_small(report):
    assert report.stat().st_size < 1_500_000


def test_the_page_names_no_other_place(soup):
    assert soup.select("link[rel=stylesheet], script[src], iframe, object, embed, source, video") == []
    assert {one["href"] for one in soup.select("link")} == {"data:,"}
    assert "default-src 'none'" in soup.select_one("meta[http-equiv=Content-Security-Policy]")["content"]


def test_every_chart_has_words_and_a_drawing(soup):
    for figure in soup.select("figure"):
        drawing = figure.select_one("svg")
        assert drawing["role"] == "img"
        assert drawing["aria-label"]
        assert drawing.get("width") is None


def test_one_owner(year, tmp_path):
    """Of one owner the models come from main.hidden_cost, which is empty here: a name that nothing is of is refused."""
    with pytest.raises(ValueError, match="no usage is of nobody"):
        write_report(year, TODAY, owner="nobody", output=tmp_path / "r.html")
    assert list(tmp_path.iterdir()) == []


def test_a_period_that_ends_before_it_begins_is_refused(year):
    with pytest.raises(ValueError, match="ends on 2026-09-01, before it begins on 2026-10-01"):
        write_report(year, TODAY, first=date(2026, 10, 1), last=date(2026, 9, 1))


def test_an_empty_warehouse_and_none(tmp_path):
    with pytest.raises(WarehouseError, match="does not exist yet"):
        write_report(Warehouse(tmp_path / "none"), TODAY)
    soup = BeautifulSoup(write_report(filled(tmp_path / "empty", 0, 0, 0), TODAY).file.read_text(), "lxml")
    assert soup.select_one("#spend .lead").text == "No usage is priced in this period."
    assert soup.select_one("#attention .lead").text == "Nothing needs a look."
    assert soup.select("figure") == []


def test_three_years_are_one_readable_page(tmp_path):
    warehouse = filled(tmp_path, 3 * 365, 4, 3)
    file = write_report(warehouse, TODAY, first=date(2023, 11, 1), last=date(2026, 10, 9)).file
    soup = BeautifulSoup(file.read_text(), "lxml")
    rows = drawn_rows(soup)
    assert len(rows) == 4 * 36
    assert file.stat().st_size < 1_500_000


def test_the_scripts_are_of_the_version_that_charts_are_written_for():
    import altair  # noqa: PLC0415 - of the charts only
    import vl_convert  # noqa: PLC0415

    assert altair.SCHEMA_VERSION.startswith(f"v{VEGA_LITE}.")
    assert VEGA_LITE in vl_convert.get_vegalite_versions()
    assert f'"{altair.SCHEMA_VERSION.removeprefix("v")}"' in scripts()
    assert "</script" not in scripts()


def test_every_statement_is_on_the_page(soup):
    shown = {heading.text for heading in soup.select(".origin h3")}
    files = {f"sql/report/{file.name}" for file in QUERIES.glob("*.sql")} - {"sql/report/pages.sql"}
    later = {f"sql/report/{name}.sql" for name in ("budgets", "spend_causes", "spend_outliers")}
    assert files - later <= shown <= files


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt-get install chromium")
def test_a_browser_draws_it_and_says_nothing(report, tmp_path):
    """One start of the browser: charts are live, the drawings hidden, the title its own, the console silent."""
    found = subprocess.run(  # noqa: S603
        [
            CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}",
            "--enable-logging=stderr", "--virtual-time-budget=5000", "--dump-dom", report.as_uri(),
        ],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert [line for line in found.stderr.splitlines() if "CONSOLE" in line] == []
    soup = BeautifulSoup(found.stdout, "lxml")
    assert soup.title.text == "Inference costs, 2026-10-01 to 2026-10-09"
    assert len(soup.select(".live svg")) == len(soup.select("figure")) >= 2
    assert all("display: none" in drawn["style"] for drawn in soup.select(".drawn"))
