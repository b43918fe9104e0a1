"""Rules that hold for every log, and which of two statements of one usage stays."""

from datetime import datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.schema.usage import Usage
from pipelines.usage import fields
from pipelines.usage.contract import check, usage_frame, with_grouping
from pipelines.usage.dedup import largest_per_usage
from pipelines.usage.importer import Importer

AS_OF = datetime(2026, 11, 24, 12)


def usage_row(**other):
    row = {
        "usage_id": "u1",
        "usage_at": datetime(2026, 3, 21, 10),
        "grain": "request",
        "provider": "anthropic",
        "channel": "api",
        "region": "global",
        "model": "claude-x",
        "service_tier": "standard",
        "input_uncached_tokens": 10,
        "output_tokens": 5,
        "requests": 1,
        "format": "claude_code",
        "import_id": "i1",
        "source_line": 4,
    }
    return {**row, **other}


MOMENTS = ("usage_at", "usage_until")
TEXTS = ("grain", "provider", "channel", "region", "model", "service_tier", "project_id")
PLAIN = Importer(
    name="plain",
    description="columns of core.usage as texts",
    signatures=(),
    fields={name: name for name in (*MOMENTS, *TEXTS, "usage_id", "output_tokens", "reported_cost_usd")},
    columns={
        **{name: pl.col(name).str.to_datetime(time_unit="us") for name in MOMENTS},
        **{name: pl.col(name) for name in TEXTS},
        "output_tokens": pl.col("output_tokens").cast(pl.Int64),
        "reported_cost_usd": fields.usd("reported_cost_usd"),
    },
    identity=("usage_id",),
)


def checked(*rows):
    """Rows as the texts of an importer whose columns have no rules of their own, so that those of the table decide."""
    place = {"import_id": "i1", "file_name": "log", "fault": None, "detail": None, "text": None}
    texts = [
        place | {"source_line": row["source_line"]} | {name: _text(row.get(name)) for name in PLAIN.fields}
        for row in rows
    ]
    schema = dict.fromkeys([*place, *PLAIN.fields], pl.String()) | {"source_line": pl.Int64()}
    return check(pl.DataFrame(texts, schema=schema), PLAIN, AS_OF)


def _text(value):
    return None if value is None else str(value)


def test_a_good_row_passes_and_gets_its_day():
    found = checked(usage_row(reported_cost_usd=Decimal("0.000000000001")))
    Usage.validate(found.good)
    assert found.good["usage_date"].to_list() == [datetime(2026, 3, 21).date()]
    assert found.good["reported_cost_usd"].to_list() == [Decimal("0.000000000001")]
    assert found.rejects.is_empty()


def test_what_is_derived():
    row = usage_frame([usage_row(cache_read_tokens=7, audio_input_tokens=100)]).row(0, named=True)
    assert row["prompt_tokens"] == 10 + 7 + 100, "output is no part of the prompt"
    assert row["offer"].split("\x1f") == ["anthropic", "api", "global", "claude-x", "standard"]


def test_no_rows_give_empty_frames():
    found = checked()
    assert (found.good.height, found.rejects.height, found.ignored.height) == (0, 0, 0)


@pytest.mark.parametrize(
    ("other", "rule"),
    [
        ({"usage_at": datetime(1989, 12, 31)}, "year_is_plausible"),
        ({"usage_at": datetime(2019, 12, 31, 23, 59)}, "year_is_plausible"),
        ({"usage_at": AS_OF + timedelta(days=1, microseconds=1)}, "usage_in_the_future"),
        ({"usage_until": datetime(2026, 3, 22)}, "bucket_has_an_end"),
        ({"grain": "bucket"}, "bucket_has_an_end"),
        ({"output_tokens": -1}, "output_tokens|min"),
        ({"service_tier": "gold"}, "service_tier|check__allowed"),
    ],
)
def test_a_bad_row_is_refused_with_its_rule_and_line(other, rule):
    found = checked(usage_row(), usage_row(source_line=9, **other))
    assert found.good["source_line"].to_list() == [4]
    assert found.rejects.select("source_line", "rule").rows() == [(9, rule)]
    assert '"model": "claude-x"' in found.rejects["raw_text"][0]


@pytest.mark.parametrize("usage_at", [datetime(2020, 1, 1), AS_OF + timedelta(days=1)])
def test_both_ends_of_the_plausible_time_pass(usage_at):
    assert checked(usage_row(usage_at=usage_at)).good.height == 1


def test_a_row_that_breaks_two_rules_is_one_reject_that_names_both():
    rejects = checked(usage_row(usage_at=datetime(1980, 1, 1), output_tokens=-1)).rejects
    assert rejects.height == 1
    assert "year_is_plausible" in rejects["detail"][0]
    assert "output_tokens|min" in rejects["detail"][0]


def test_a_bucket_is_grouped_by_the_owners_that_any_bucket_of_its_file_has():
    bucket = {"grain": "bucket", "usage_until": datetime(2026, 3, 22)}
    rows = [
        usage_row(**bucket, import_id="a", project_id="p"),
        usage_row(**bucket, import_id="a", api_key_id="k"),
        usage_row(**bucket, import_id="b"),
        usage_row(import_id="b"),
    ]
    assert with_grouping(usage_frame(rows))["grouping"].to_list() == ["project_id,api_key_id"] * 2 + ["", None]


def kept(*rows):
    return largest_per_usage(usage_frame(rows))


def test_the_largest_output_stays():
    rows = [usage_row(output_tokens=tokens) for tokens in (9, None, 159, 9)]
    assert kept(*rows)["output_tokens"].to_list() == [159]


def test_then_the_most_requests_then_the_rest():
    rows = [
        usage_row(requests=2, input_uncached_tokens=1),
        usage_row(requests=3),
        usage_row(requests=3, web_searches=1),
    ]
    assert kept(*rows).select("requests", "web_searches").rows() == [(3, 1)]


def test_equal_rows_keep_the_first_and_others_their_order():
    rows = [
        usage_row(usage_id="b", source_line=1),
        usage_row(usage_id="a", source_line=2),
        usage_row(usage_id="b", source_line=3),
    ]
    assert kept(*rows)["source_line"].to_list() == [1, 2]


quantities = st.fixed_dictionaries(
    {
        name: st.none() | st.integers(0, 2)
        for name in ("output_tokens", "requests", "cache_read_tokens", "input_uncached_tokens")
    }
)


@given(
    st.lists(quantities, min_size=1, max_size=6).flatmap(lambda rows: st.tuples(st.just(rows), st.permutations(rows)))
)
def test_the_choice_does_not_depend_on_the_order(orders):
    first, second = (kept(*[usage_row(**row) for row in rows]) for rows in orders)
    assert first.equals(second)
