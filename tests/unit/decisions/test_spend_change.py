"""Why spend changed: each cause alone by hand, and the parts of any two periods add up to the difference."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.decisions.owner_scopes import TEAM_COSTS
from pipelines.decisions.spend_change import Cell, Used, change_parts, spend_change
from pipelines.schema.spend import SpendChange

AS_OF = date(2026, 10, 20)


def cell(meter="input_uncached", tier="standard", model="m", place=("api", "global")):
    return Cell(("openai", model), place, tier, meter)


def used(before, before_usd, now, usd):
    return Used([before, now], [Decimal(before_usd), Decimal(usd)])


@pytest.mark.parametrize(
    ("cells", "parts"),
    [
        # 100 tokens at 1, then 100 at 2.
        ({cell(): used(100, 100, 100, 200)}, {"price": 100}),
        ({cell(): used(100, 100, 150, 150)}, {"volume": 50}),
        # Half as dear and twice as much: the price is that of this period's 200 tokens.
        ({cell(): used(100, 100, 200, 100)}, {"volume": 100, "price": -100}),
        ({cell(): used(0, 0, 5, 7)}, {"new": 7}),
        ({cell(): used(5, 7, 0, 0)}, {"gone": -7}),
        # 100 tokens of input: half of them are read from the cache at a tenth.
        ({cell(): used(100, 100, 50, 50), cell("cache_read"): used(0, 0, 50, 5)}, {"cache": -45}),
        # Half of it goes to batch at half the price.
        ({cell(): used(100, 100, 50, 50), cell(tier="batch"): used(0, 0, 50, 25)}, {"tier": -25}),
        # 100 in at 1 and 100 out at 3, then 50 and 150: 400, then 500.
        ({cell(): used(100, 100, 50, 50), cell("output"): used(100, 300, 150, 450)}, {"mix": 100}),
        # Of two models, one at 1 and one at 5: 100 tokens move from one to the other.
        ({cell(): used(200, 200, 100, 100), cell(model="n"): used(100, 500, 200, 1000)}, {"mix": 400}),
        ({cell(): used(0, 0, 0, 0)}, {}),
    ],
)
def test_each_cause_alone(cells, parts):
    found = {name: usd for name, usd in change_parts(cells).items() if usd}
    assert found == parts


amounts = st.integers(0, 10**20).map(lambda pico: Decimal(pico).scaleb(-12))
cells_of_all_kinds = st.dictionaries(
    st.builds(
        cell,
        st.sampled_from(["input_uncached", "cache_read", "cache_write_5m", "output", "requests"]),
        st.sampled_from(["standard", "batch"]),
        st.sampled_from(["m", "n"]),
        st.sampled_from([("api", "global"), ("bedrock", "eu")]),
    ),
    st.tuples(st.integers(0, 10**12), amounts, st.integers(0, 10**12), amounts).map(
        lambda four: used(four[0], four[1] if four[0] else 0, four[2], four[3] if four[2] else 0)
    ),
    max_size=8,
)


@given(cells_of_all_kinds)
@settings(max_examples=200, deadline=None)
def test_the_parts_add_up_to_the_pico_dollar(cells):
    parts = change_parts(cells)
    change = sum((Fraction(one.usd[1]) - Fraction(one.usd[0]) for one in cells.values()), Fraction(0))
    assert sum(map(Fraction, parts.values()), Fraction(0)) == change
    assert all((Fraction(usd) * 10**12).denominator == 1 for usd in parts.values())


@given(cells_of_all_kinds)
@settings(max_examples=50, deadline=None)
def test_the_same_periods_have_no_change(cells):
    same = {one: Used([two.quantity[0]] * 2, [two.usd[0]] * 2) for one, two in cells.items()}
    assert not any(change_parts(same).values())


def test_the_table_has_each_owner_and_model_and_all_of_them():
    schema = dict.fromkeys(
        ("provider", "model", "channel", "region", "service_tier", "meter", "account_id", "project_id"), pl.String()
    )
    named = {"provider": "openai", "channel": "api", "region": "global", "service_tier": "standard", "meter": "output"}
    rows = [
        named | {"usage_date": AS_OF - timedelta(days=ago), "model": model, "account_id": account, "project_id": None,
                 "quantity": quantity, "effective_cost_usd": None if usd is None else Decimal(usd)}
        for ago, model, account, quantity, usd in (
            (0, "m", "a", 10, "99"),  # not over yet
            (1, "m", "a", 10, "20"),
            (1, "u", "a", 10, None),
            (2, "m", "a", 10, "10"),
            (2, "n", "b", 1, "5"),
        )
    ]  # fmt: skip
    types = {"usage_date": pl.Date(), "quantity": pl.Int64(), "effective_cost_usd": pl.Decimal(38, 12)}
    table = spend_change(pl.DataFrame(rows, schema=schema | types), AS_OF)
    SpendChange.validate(table)
    days = table.filter(period="day").select("scope", "owner", "model", "change_usd", "main_cause", "is_lower_bound")
    assert days.rows() == [
        ("account", "a", "all", Decimal(10), "price", True),
        ("account", "a", "m", Decimal(10), "price", False),
        ("account", "a", "u", Decimal(0), None, True),
        ("account", "b", "all", Decimal(-5), "gone", False),
        ("account", "b", "n", Decimal(-5), "gone", False),
        ("all", "all", "all", Decimal(5), "price", True),
        ("all", "all", "m", Decimal(10), "price", False),
        ("all", "all", "n", Decimal(-5), "gone", False),
        ("all", "all", "u", Decimal(0), None, True),
    ]
    # Both days are in the one week.
    assert table.filter(period="week", scope="all", model="all")["new_usd"].item() == Decimal(35)


def test_teams_have_a_change_of_their_own():
    """10 a day by ads, and by search 5 a day in the first week and 8 in the second."""
    rows = [
        {"usage_date": AS_OF - timedelta(days=n), "provider": "openai", "model": "m", "channel": "api",
         "region": "global", "service_tier": "standard", "meter": "output", "account_id": "a", "project_id": None,
         "api_key_id": key, "quantity": usd, "effective_cost_usd": Decimal(usd)}
        for n in range(1, 15)
        for key, usd in (("k1", 10), ("k2", 8 if n <= 7 else 5))
    ]  # fmt: skip
    teams = [
        {name: row[name] for name in TEAM_COSTS if name in row} | {"team": team, "tokens": row["quantity"]}
        for row in rows
        for team in ["ads" if row["api_key_id"] == "k1" else "search"]
    ]
    strings = {name: pl.String() for name in ("project_id", "api_key_id")}
    usage = pl.DataFrame(rows, schema_overrides=strings | {"effective_cost_usd": pl.Decimal(38, 12)})
    table = SpendChange.validate(spend_change(usage, AS_OF, pl.DataFrame(teams, schema=TEAM_COSTS)))
    found = table.filter(scope="team", period="week", model="all").select("owner", "change_usd", "volume_usd").rows()
    assert found == [("ads", 0, 0), ("search", 21, 21)]
