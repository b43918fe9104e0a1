"""Usage of teams: what one team alone used is exact, what several share adds up to what each owes."""

from datetime import date
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.decisions.owner_scopes import COST, TEAM_COSTS, owned

DAY = date(2026, 10, 1)
PICO = Decimal("0.000000000001")


def usage(*rows):
    """Key, model, quantity and cost."""
    schema = {"usage_date": pl.Date(), "account_id": pl.String(), "project_id": pl.String(), "api_key_id": pl.String(),
              "model": pl.String(), "quantity": pl.Int64(), "effective_cost_usd": COST}  # fmt: skip
    return pl.DataFrame([(DAY, "a", None, *row) for row in rows], schema=schema, orient="row")


def teams(*rows):
    """Key, team, tokens and what it owes."""
    found = [(DAY, "a", None, *row) for row in rows]
    return pl.DataFrame(found, schema=TEAM_COSTS, orient="row")


def of_teams(costs, whose):
    return dict(owned(costs, whose)).get("team")


def test_a_key_of_one_team_is_its_own_and_one_of_no_team_nobodys():
    costs = usage(("k1", "m", 7, Decimal("1.000000000001")), ("k2", "m", 5, Decimal(2)))
    found = of_teams(costs, teams(("k1", "search", 7, Decimal("1.000000000001")), ("k2", None, 5, Decimal(2))))
    assert found.select("owner", "quantity", "effective_cost_usd").rows() == [("search", 7, Decimal("1.000000000001"))]


def test_without_teams_there_is_no_such_scope():
    costs = usage(("k1", "m", 7, Decimal(1)))
    assert of_teams(costs, teams(("k1", None, 7, Decimal(1)))) is None
    assert of_teams(costs, None) is None


def test_usage_without_a_price_is_shared_by_tokens():
    found = of_teams(usage(("k", "m", 100, None)), teams(("k", "ads", 25, None), ("k", "search", 75, None)))
    assert sorted(found.select("owner", "quantity").rows()) == [("ads", 25), ("search", 75)]
    assert found["effective_cost_usd"].null_count() == 2


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 10**15), min_size=1, max_size=4), st.data())
def test_what_teams_of_one_key_owe_adds_up_to_the_pico_dollar(picos, data):
    costs = usage(*(("k", f"m{n}", 10, pico * PICO) for n, pico in enumerate(picos)))
    whole = sum(picos)
    first = data.draw(st.integers(0, whole))
    whose = teams(("k", "ads", 1, first * PICO), ("k", "search", 1, (whole - first) * PICO))
    found = of_teams(costs, whose).group_by("owner").agg(pl.col("effective_cost_usd").sum())
    assert dict(found.rows()) == pytest.approx({"ads": first * PICO, "search": (whole - first) * PICO}, abs=0)
