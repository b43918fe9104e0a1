"""Days that stand out: a doubled day is found and its cause named, a dear weekday or a cent is none."""

from datetime import date, timedelta
from decimal import Decimal

import polars as pl
import pytest

from pipelines.decisions.owner_scopes import TEAM_COSTS
from pipelines.decisions.spend_anomaly import spend_anomaly
from pipelines.schema.columns import polars_schema
from pipelines.schema.owner_costs import ConversationCost
from pipelines.schema.spend import SpendAnomaly

AS_OF = date(2026, 10, 20)
JUDGED = AS_OF - timedelta(days=1)
"""A Monday."""
SCHEMA = dict.fromkeys(
    ("provider", "model", "channel", "region", "service_tier", "meter", "account_id", "project_id", "api_key_id"),
    pl.String(),
) | {"usage_date": pl.Date(), "quantity": pl.Int64(), "effective_cost_usd": pl.Decimal(38, 12)}
TALKS = polars_schema(ConversationCost)


def usage(amounts, key="k", usd_per_unit=1):
    """Quantities of the days up to the judged one."""
    named = {"provider": "openai", "model": "m", "channel": "api", "region": "global", "service_tier": "standard",
             "meter": "output", "account_id": "a", "api_key_id": key}  # fmt: skip
    rows = [
        named | {"usage_date": JUDGED - timedelta(days=len(amounts) - 1 - n), "quantity": amount,
                 "effective_cost_usd": Decimal(amount) * usd_per_unit}
        for n, amount in enumerate(amounts)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=SCHEMA)


def found(rows, talks=()):
    table = spend_anomaly(rows, pl.DataFrame(list(talks), schema=TALKS), AS_OF)
    SpendAnomaly.validate(table)
    return table


STEADY = [20 + n % 3 for n in range(60)]


def test_a_doubled_day_is_found_in_every_view_of_it():
    table = found(usage([*STEADY, 42]))
    views = table.select("scope", "owner", "model").rows()
    assert views == [("account", "a", "all"), ("account", "a", "m"), ("all", "all", "all"), ("all", "all", "m")]
    row = table.row(0, named=True)
    assert (row["usage_date"], row["spent_usd"], row["cause"]) == (JUDGED, Decimal(42), "volume")
    assert row["excess_usd"] == row["spent_usd"] - row["expected_usd"]
    assert float(row["expected_usd"]) == pytest.approx(21, rel=0.1)


@pytest.mark.parametrize(
    "amounts",
    [
        [*STEADY, 22],
        [1 + n % 2 for n in range(60)] + [5],  # times as much, but 5 USD are the floor
        [20 if n % 7 else 200 for n in range(64)],  # the judged day is the dear weekday of every week
        [20] * 10 + [60],  # too young to know
        [*STEADY, 5],
    ],
)
def test_what_does_not_stand_out(amounts):
    assert found(usage(amounts)).is_empty()


def test_a_price_is_the_cause_where_tokens_are_as_before():
    rows = pl.concat([usage([*STEADY, 0]), usage([21], usd_per_unit=3)])
    assert set(found(rows)["cause"]) == {"price"}
    assert float(found(rows)["price_usd"][0]) == pytest.approx(42)


def test_the_one_key_is_named():
    rows = pl.concat([usage([*STEADY, 21], "calm"), usage([*STEADY, 63], "busy")])
    assert set(found(rows).select("cause", "cause_id").rows()) == {("one_key", "busy")}


def test_the_one_conversation_is_named():
    talk = {"usage_date": JUDGED, "rank": 1, "account_id": "a", "conversation_id": "c-1", "usage_rows": 1, "tokens": 1,
            "unpriced_quantity": 0, "cost_usd": Decimal(40), "is_lower_bound": False}  # fmt: skip
    table = found(usage([*STEADY, 63]), [talk])
    assert set(table.select("cause", "cause_id").rows()) == {("one_conversation", "c-1")}


def test_a_series_of_bursts_says_that_it_cannot_be_judged():
    """Every twelfth day is five times a usual one: a doubled day, and one of five times, are nothing special."""
    bursts = [100 if n % 12 == 11 else 20 + n % 3 for n in range(120)]
    for last in (42, 100):
        table = found(usage([*bursts, last]))
        assert set(table.select("verdict", "cause").rows()) == {("cannot_be_judged", None)}
    assert table["found_share"][0] < 0.2
    assert set(found(usage([*bursts, 900]))["verdict"]) == {"stands_out"}


def test_a_team_has_its_part_of_a_key():
    """Two teams share the key: search owes all of what is new on the last day."""
    rows = usage([*STEADY, 63])
    days = rows["usage_date"].to_list()
    owed = [{"ads": 10, "search": amount - 10} for amount in rows["quantity"]]
    teams = pl.DataFrame(
        [
            {"usage_date": day, "account_id": "a", "api_key_id": "k", "team": team, "tokens": usd,
             "effective_cost_usd": Decimal(usd)}
            for day, shares in zip(days, owed, strict=True)
            for team, usd in shares.items()
        ],
        schema=TEAM_COSTS,
    )  # fmt: skip
    table = spend_anomaly(rows, pl.DataFrame(schema=TALKS), AS_OF, teams=teams)
    of_team = table.filter(scope="team", model="all")
    assert of_team.select("owner", "spent_usd", "verdict").rows() == [("search", Decimal(53), "stands_out")]
