"""The answers at the report's asset are the page's own figures, and say so where there is nothing."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import dagster as dg
import polars as pl

from pipelines.defs.shown_answers import answers_metadata, spend_over_time
from pipelines.report.asked import Asked
from pipelines.report.section import Answer
from pipelines.report.write_report import Written

USD = pl.Decimal(38, 12)
OCTOBER = Asked(date(2026, 10, 1), date(2026, 10, 9))


def written(models=(), changes=(), attention=(), over_time=(), total=None):
    frames = {
        "spend_total": pl.DataFrame(
            [(total, True)], schema={"usd": USD, "is_lower_bound": pl.Boolean}, orient="row"
        ),
        "spend_over_time": pl.DataFrame(over_time, schema={"starts_on": pl.Date, "usd": USD}, orient="row"),
        "spend_by_model": pl.DataFrame(
            models, schema={"provider": pl.String, "model": pl.String, "usd": USD, "usd_before": USD}, orient="row"
        ),
        "price_changes": pl.DataFrame(
            changes,
            schema={
                "changed_on": pl.Date, "provider": pl.String, "model": pl.String, "kind": pl.String,
                "change": pl.String, "usd_a_month": USD,
            },
            orient="row",
        ),
        "attention": pl.DataFrame(
            attention, schema={"severity": pl.String, "what": pl.String, "usd_a_month": USD}, orient="row"
        ),
    }  # fmt: skip
    return Written(Path("/w/report.html"), OCTOBER, {name: Answer(name, "", frame) for name, frame in frames.items()})


def test_the_dearest_models_and_the_total_with_all_their_digits():
    models = [("openai", f"m{place}", Decimal(20 - place), None) for place in range(12)]
    shown = answers_metadata(written(models=models, total=Decimal("1.250000000001")))
    assert shown["spend_usd"] == "1.250000000001 or more"
    assert shown["period"] == "2026-10-01 to 2026-10-09"
    assert shown["report"].value == "file:///w/report.html"
    records = [record.data for record in shown["dearest_models"].records]
    assert [record["model"] for record in records] == [f"m{place}" for place in range(10)]
    assert records[0] == {"provider": "openai", "model": "m0", "usd": "20.000000000000", "usd_before": ""}
    assert isinstance(shown["dearest_models"], dg.TableMetadataValue)


def test_nothing_is_told_as_nothing():
    shown = answers_metadata(written())
    assert (shown["spend_usd"], shown["spend_over_time"]) == ("none or more", "nothing spent")
    assert (shown["dearest_models"], shown["price_changes"], shown["needs_a_look"]) == ("none", "none", "none")


def test_the_plot_has_the_highest_bar_at_the_dearest_day():
    days = [(date(2026, 10, 1), Decimal(1)), (date(2026, 10, 1), Decimal(1)), (date(2026, 10, 2), Decimal(8))]
    frame = pl.DataFrame(days, schema={"starts_on": pl.Date, "usd": USD}, orient="row")
    assert spend_over_time(frame) == "2026-10-01 ▂█ 2026-10-02, at most 8.000000000000"
