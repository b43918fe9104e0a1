"""Sources that disagree about a price of a model in use."""

from datetime import datetime
from decimal import Decimal

import polars as pl
import pytest

from pipelines.alerts.conflict_rules import source_conflict
from pipelines.schema.alerts import Alert
from pipelines.schema.columns import polars_schema
from pipelines.schema.costs import PriceConflict

RAISED = datetime(2026, 11, 21, 6)
CONFLICT = {
    "provider": "openai", "channel": "api", "region": "global", "model": "gpt-x", "meter": "output",
    "service_tier": "standard", "context_from": 0, "time_window": "always", "believed_source": "openai_prices",
    "believed_usd_per_unit": Decimal(10), "believed_since": RAISED, "other_source": "litellm", "other_model": "gpt-x",
    "other_usd_per_unit": Decimal(15), "other_since": RAISED, "pct_difference": 50.0, "unit": "mtok",
    "reason": "the provider's own page outranks aggregators", "likely_cause": "unknown",
}  # fmt: skip
USED = {"provider": "openai", "channel": "api", "model": "gpt-x", "cost_usd": Decimal("12.50")}


def raised(*rows, used=(USED,), **options):
    conflicts = pl.DataFrame([CONFLICT | row for row in rows], schema=polars_schema(PriceConflict))
    schema = dict.fromkeys(("provider", "channel", "model"), pl.String()) | {"cost_usd": pl.Decimal(38, 12)}
    return Alert.validate(source_conflict(conflicts, pl.DataFrame(used, schema=schema), RAISED, **options))


def test_a_used_model_says_both_prices_and_which_one_counts():
    (row,) = raised({}, {"meter": "input_uncached", "pct_difference": 6.0}).to_dicts()
    assert row["title"] == (
        "openai gpt-x: output is 10.00 USD/Mtok by openai_prices, 15.00 USD/Mtok by litellm and 1 more"
    )
    assert row["severity"] == "warning"
    assert "cost of the last 30 days: 12.50 USD" in row["body"]


def test_a_dated_id_is_a_use_of_the_listed_model():
    used = USED | {"model": "gpt-x-2026-05-01"}
    assert raised({}, used=[used])["model"].to_list() == ["gpt-x"]


@pytest.mark.parametrize(
    ("row", "used", "severity"),
    [
        ({}, [USED | {"model": "gpt-y"}], []),
        ({}, [USED | {"channel": "azure"}], []),
        ({"pct_difference": -4.9}, [USED], []),
        ({"pct_difference": -5.0}, [USED], ["warning"]),
        ({"pct_difference": None}, [USED], ["warning"]),
        ({"likely_cause": "rounding"}, [USED], []),
        ({"likely_cause": "older"}, [USED], ["info"]),
        ({"likely_cause": "scale"}, [USED], ["warning"]),
    ],
)
def test_what_is_told_and_how_severe(row, used, severity):
    assert raised(row, used=used)["severity"].to_list() == severity


def test_the_same_conflict_is_the_same_alert_and_another_source_another():
    one, again, other = raised({}), raised({"other_usd_per_unit": Decimal(16)}), raised({"other_source": "tokencost"})
    assert one["alert_id"].to_list() == again["alert_id"].to_list() != other["alert_id"].to_list()
    assert one["subject"].to_list() == other["subject"].to_list()
    assert raised({}, min_difference=Decimal("0.51")).is_empty()
