"""Reading the archive again from the command line and in a run: a real page, a past that was misread."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import dagster as dg
import polars as pl
from typer.testing import CliRunner

from pipelines.cli import main as cli
from pipelines.defs.books import BOOKS
from pipelines.defs.resources import Secrets, Settings
from pipelines.sources.catalog import SOURCES_BY_KEY
from pipelines.sources.parsed import Parsed
from pipelines.warehouse.database import Warehouse

ANTHROPIC = SOURCES_BY_KEY["anthropic_pricing"]
RECORDED_ON = date(2026, 7, 29)
AT, NOW = datetime(2026, 7, 29, 8), datetime(2026, 7, 30, 8)
SONNET = {
    "model": "claude-sonnet-4-6", "meter": "input_uncached", "service_tier": "standard", "region": "global",
    "channel": "api",
}  # fmt: skip


def misreading(body: bytes) -> Parsed:
    """An earlier parser, which read Sonnet's 3 USD as 30."""
    parsed = ANTHROPIC.parse(body)
    is_sonnet = pl.all_horizontal(pl.col(name) == value for name, value in SONNET.items())
    usd = pl.when(is_sonnet).then(pl.lit(30)).otherwise("usd_per_unit").cast(parsed.rows["usd_per_unit"].dtype)
    return Parsed(parsed.rows.with_columns(usd_per_unit=usd), parsed.rejects)


def misread(sites):
    sites.promote(replace(ANTHROPIC, parse=misreading), sites.recorded(ANTHROPIC, RECORDED_ON), AT)


def costs(warehouse: Warehouse, *arguments: str) -> tuple[int, list[str]]:
    result = CliRunner().invoke(cli.app, ["--warehouse", str(warehouse.folder), "sources", "reparse", *arguments])
    return result.exit_code, result.output.splitlines()


def test_a_run_restates_and_says_how_much(sites):
    misread(sites)
    settings = Settings(warehouse_folder=str(sites.warehouse.folder), as_of=NOW.isoformat())
    for restated in (2, 0):
        resources = {"settings": settings, "secrets": Secrets()}
        result = dg.materialize([BOOKS["token_price"]], resources=resources)
        (event,) = result.asset_materializations_for_node("load_token_price")
        (row,) = [record.data for record in event.metadata["sources"].records]
        assert row["source"] == ANTHROPIC.key
        assert row["versions_restated"] == restated
        assert row["bodies_read_again"] == restated // 2
    rows = (
        sites.table("core.token_price")
        .filter(**SONNET)
        .select("usd_per_unit", "basis", "known_from", "known_to")
        .rows()
    )
    assert sorted(rows) == [(Decimal(3), "corrected", NOW, None), (Decimal(30), "printed", AT, NOW)]


def test_a_person_sees_what_was_restated(sites):
    misread(sites)
    code, lines = costs(sites.warehouse, "anthropic_pricing")
    assert (code, lines[0]) == (
        0, "anthropic_pricing: 1 pages read again, 1 keys restated, 0 new, 0 withdrawn, 0 kept",
    )  # fmt: skip
    assert any("usd_per_unit 30.000000" in line and "usd_per_unit 3.000000" in line for line in lines)
    code, lines = costs(sites.warehouse, "anthropic_pricing")
    assert lines == ["anthropic_pricing: 1 pages read again, 0 keys restated, 0 new, 0 withdrawn, 0 kept"]


def test_a_source_that_does_not_exist_is_an_error(sites):
    assert costs(sites.warehouse, "no_such_source")[0] == 2
