"""A day's fingerprint changes exactly where what its cost is computed from does, by the definition in plain Python."""

from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipelines.costs.stale_days import changed_fingerprints, fingerprints
from pipelines.schema import ddl
from pipelines.schema.columns import polars_schema
from pipelines.schema.tables import TABLES_BY_NAME
from tests.unit.marts.mart_rows import COST, PRICE

START = datetime(2026, 3, 1)
TICK = timedelta(microseconds=1)
DAYS = [(START + timedelta(days=number)).date() for number in range(5)]
NO_FOLDER = Path("no such folder")
TABLES = (
    "core.ledger_file", "core.reported_cost", "core.token_price", "core.usage_cost", "core.cost_fingerprint",
    "core.contract_term",
)  # fmt: skip

MOMENTS = st.sampled_from(
    [
        START + timedelta(days=day) + offset
        for day in range(-1, 6)
        for offset in (-TICK, timedelta(0), TICK, timedelta(hours=9), timedelta(hours=15))
    ]
)
VERSIONS = st.lists(
    st.tuples(
        st.sampled_from(["p1", "p2", "p3", "p4"]),
        st.sampled_from(["openai", "anthropic"]),
        MOMENTS,
        st.none() | MOMENTS,
        st.sampled_from([None, None, None, START]),
    ),
    unique_by=lambda version: version[0],
    max_size=4,
)
UNPRICED = st.sets(
    st.tuples(
        st.sampled_from(DAYS), st.sampled_from(["openai", "anthropic", "xai"]), st.sampled_from(["api", "azure"])
    ),
    max_size=4,
)


@pytest.fixture(scope="module")
def connection():
    with duckdb.connect() as made:
        for name in TABLES:
            for statement in ddl.statements(TABLES_BY_NAME[name]):
                made.execute(statement)
        fill(
            made,
            "core.ledger_file",
            [{"usage_date": day, "path": f"{day}", "layout": "l", "row_count": 1} for day in DAYS],
        )
        yield made


def fill(connection, table, rows):
    """Not by `append`, whose row rules would take most of the time of many small examples."""
    if rows:
        frame = pl.DataFrame(rows, schema=polars_schema(TABLES_BY_NAME[table].declaration))
        connection.from_arrow(frame.to_arrow()).insert_into(table)


def fingerprints_of(connection, versions, unpriced, days=None):
    names = ("price_id", "provider", "valid_from", "valid_to", "known_to")
    owners = ("usage_date", "provider", "channel")
    connection.begin()
    fill(connection, "core.token_price", [PRICE | dict(zip(names, version, strict=True)) for version in versions])
    fill(connection, "core.usage_cost", [COST | dict(zip(owners, owner, strict=True)) for owner in unpriced])
    found = fingerprints(connection, NO_FOLDER, days)
    connection.rollback()
    return found


def inputs_of(day, versions, unpriced):
    """What the cost of a day depends on, besides its ledger file: day by day and version by version."""
    current = [version for version in versions if version[4] is None]
    midnight = datetime(day.year, day.month, day.day)
    in_force = frozenset(
        price_id
        for price_id, _, valid_from, valid_to, _ in current
        if valid_from < midnight + timedelta(days=1) and (valid_to is None or valid_to > midnight)
    )
    since: dict[str, datetime] = {}
    for _, provider, valid_from, _, _ in current:
        since[provider] = min(since.get(provider, valid_from), valid_from)
    explained = set()
    for on, provider, channel in unpriced:
        explaining = since if channel != "api" else {provider: since[provider]} if provider in since else {}
        if on == day and explaining:
            explained.add((provider if channel == "api" else None, frozenset(explaining.items())))
    return in_force, explained


NINE, NOON = START + timedelta(hours=9), START + timedelta(hours=12)


@settings(max_examples=30)
@given(VERSIONS, VERSIONS, UNPRICED)
@example([], [("p1", "openai", START - TICK, START, None)], set())
@example([], [("p1", "openai", NINE, NOON, None)], set())
@example([], [("p1", "openai", NOON, NINE, None)], set())
@example([], [("p1", "openai", START + timedelta(days=2), START, None)], set())
@example(
    [("p1", "openai", NINE, NOON, None)],
    [("p1", "openai", NOON, NOON + TICK, None)],
    {(DAYS[0], "openai", "api"), (DAYS[0], "openai", "azure")},
)
@example(
    [("p1", "openai", NINE, None, None), ("p2", "anthropic", NINE, None, None)],
    [("p1", "openai", NOON, None, None), ("p2", "anthropic", NOON, None, None)],
    {(DAYS[1], "xai", "azure")},
)
def test_a_day_is_seen_to_change_where_its_inputs_do_and_nowhere_else(connection, before, after, unpriced):
    old, new = (fingerprints_of(connection, versions, unpriced) for versions in (before, after))
    assert sorted(old) == sorted(new) == DAYS
    for day in DAYS:
        is_changed = inputs_of(day, before, unpriced) != inputs_of(day, after, unpriced)
        assert (old[day] != new[day]) == is_changed, day


@settings(max_examples=10)
@given(VERSIONS, UNPRICED, st.sets(st.sampled_from([*DAYS, date(2025, 1, 1)])))
def test_some_days_have_the_fingerprints_that_they_have_among_all(connection, versions, unpriced, days):
    some = fingerprints_of(connection, versions, unpriced, sorted(days))
    every = fingerprints_of(connection, versions, unpriced)
    assert some == {day: every[day] for day in days if day in every}


def test_days_are_changed_until_their_fingerprint_is_stored(connection):
    current = fingerprints(connection, NO_FOLDER)
    stored = [{"usage_date": day, "fingerprint": current[day]} for day in DAYS[:3]]
    connection.begin()
    fill(connection, "core.cost_fingerprint", [*stored, {"usage_date": DAYS[3], "fingerprint": "another"}])
    assert changed_fingerprints(connection, NO_FOLDER) == {day: current[day] for day in DAYS[3:]}
    assert sorted(changed_fingerprints(connection, NO_FOLDER, DAYS[2:4])) == [DAYS[3]]
    connection.rollback()


def test_another_map_of_names_is_another_fingerprint_of_every_day(connection, tmp_path):
    before = fingerprints(connection, NO_FOLDER)
    (tmp_path / "model_map.csv").write_text("model,provider,channel,region,canonical_model\nx,,,,y\n")
    after = fingerprints(connection, tmp_path)
    assert all(before[day] != after[day] for day in DAYS)
