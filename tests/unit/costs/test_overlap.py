"""Usage that several reports state counts once, whatever the order of rows and files, and nothing vanishes unseen."""

from datetime import date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.costs.overlap import count_once
from pipelines.schema.usage_overlap import UsageOverlap
from pipelines.usage.contract import usage_frame

DAY = datetime(2026, 3, 9)
HOUR = timedelta(hours=1)
SPLIT, FINE = "project_id", "project_id,api_key_id"
KEY = ["usage_date", "provider", "channel"]


def request(tokens, number=0, **differences):
    return {
        "usage_id": f"request {number} {differences}",
        "usage_at": DAY + HOUR,
        "grain": "request",
        "provider": "openai",
        "channel": "api",
        "region": "global",
        "model": "gpt-x",
        "service_tier": "standard",
        "output_tokens": tokens,
        "format": "requests_log",
        "import_id": "i",
        "source_line": 1,
    } | differences


def bucket(tokens, hours=24, grouping=SPLIT, number=0, **differences):
    bounds = {"usage_at": DAY + number * hours * HOUR, "usage_until": DAY + (number + 1) * hours * HOUR}
    row = {"grain": "bucket", "format": "openai_api", "grouping": grouping, "usage_id": f"bucket {hours} {grouping}"}
    return request(tokens) | row | bounds | {"usage_id": f"{row} {number} {differences}"} | differences


def counted(rows):
    """Usage ids that count, sorted, and the rows of the overlap table."""
    result = count_once(usage_frame(rows).lazy())
    kept = result.usage.collect()
    assert kept.schema == usage_frame([]).schema
    return sorted(kept["usage_id"]), pl.DataFrame(UsageOverlap.validate(result.overlaps))


def ids(*rows):
    return sorted(row["usage_id"] for row in rows)


def test_one_report_passes_through_unchanged():
    rows = [request(10), request(20, 1), request(5, 2, format="another_log")]
    assert counted(rows)[0] == ids(*rows)
    usage = usage_frame(rows).lazy()
    assert count_once(usage).usage is usage, "no join where nothing overlaps"


def test_the_report_of_an_organisation_holds_the_requests_of_a_log():
    log, report = [request(10), request(20, 1)], bucket(100)
    kept, overlaps = counted([*log, report])
    assert kept == ids(report)
    assert overlaps.rows() == [
        (
            date(2026, 3, 9), "default", "openai", "api", "gpt-x", "requests", 2, 30, "openai_api, 1 d, project_id",
            100, None, "it holds fewer tokens than the report that counts",
        )
    ]  # fmt: skip


def test_a_bucket_that_lags_holds_less_than_the_log():
    log, report = [request(10), request(20, 1)], bucket(29)
    kept, overlaps = counted([*log, report])
    assert kept == ids(*log)
    assert overlaps.select("report", "usage_rows", "tokens", "counted_report", "counted_tokens").rows() == [
        ("openai_api, 1 d, project_id", 1, 29, "requests", 30)
    ]


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ([request(30)], [bucket(30, hours=1)]),
        ([bucket(10, hours=1), bucket(20, hours=1, number=1)], [bucket(30)]),
        ([bucket(30, grouping=FINE)], [bucket(30)]),
        ([bucket(30)], [bucket(30, grouping=None)]),
        ([bucket(30, format="a_format")], [bucket(30, format="b_format")]),
        ([bucket(0, requests=8)], [bucket(0, hours=1, requests=7)]),
        ([bucket(None, requests=2)], [request(None)]),
        ([request(None), request(None, 1)], [bucket(None, requests=1)]),
        ([bucket(1, hours=24)], [request(0, requests=900)]),
        ([request(1, requests=1)], [bucket(1, requests=900)]),
    ],
    ids=[
        "requests before buckets", "narrow before wide", "more owner columns", "split before whole", "format name",
        "requests where there are no tokens", "a request without a count is one", "two are more than one",
        "tokens before requests", "requests do not matter where there are tokens",
    ],
)  # fmt: skip
def test_of_two_reports_one_counts(better, worse):
    for rows in ([*better, *worse], [*worse, *better]):
        kept, overlaps = counted(rows)
        assert kept == ids(*better)
        assert overlaps["usage_rows"].to_list() == [len(worse)]


def test_a_snapshot_and_its_model_are_the_same_usage():
    log, report = request(10, model="gpt-x-2026-01-15"), bucket(10)
    kept, overlaps = counted([log, report])
    assert kept == ids(log)
    assert overlaps["model"].to_list() == ["gpt-x"]


@pytest.mark.parametrize(
    "other",
    [{"model": "gpt-y"}, {"provider": "anthropic"}, {"channel": "azure"}, {"usage_at": DAY - HOUR}],
    ids=["model", "provider", "channel", "day"],
)
def test_other_usage_is_left_alone(other):
    log, report = request(10, **other), bucket(100)
    kept, overlaps = counted([log, report])
    assert kept == ids(log, report)
    assert overlaps.is_empty()


def test_sessions_of_tools_stand_beside_logs_and_each_other():
    until = {"usage_until": DAY + 2 * HOUR}
    sessions = [request(5, number, grain="session", format=f"tool_{number}", **until) for number in range(3)]
    rows = [request(10), *sessions, request(7, 9, grain="session", usage_until=DAY + 3 * HOUR)]
    # 10 if they were buckets
    assert counted(rows)[0] == ids(*rows)
    # All together are the report that a bucket competes with: 10 + 15 + 7.
    assert counted([*rows, bucket(31)])[0] == ids(*rows)
    assert counted([*rows, bucket(33)])[0] == ids(bucket(33))


def test_an_overlap_on_one_day_leaves_the_others_whole():
    earlier = [request(7, number, usage_at=DAY - 24 * HOUR) for number in range(3)]
    kept, overlaps = counted([*earlier, request(1), bucket(2)])
    assert kept == ids(*earlier, bucket(2))
    assert overlaps.height == 1


def test_every_token_meter_counts_and_reasoning_does_not():
    log = request(1, image_output_tokens=4, cache_read_tokens=4, of_which_reasoning_tokens=1)
    assert counted([log, bucket(8)])[0] == ids(log)
    assert counted([log, bucket(10)])[0] == ids(bucket(10))


ROWS = st.builds(
    lambda kind, model, tokens, day, number: (
        (bucket if kind else request)(
            tokens, **(kind or {}), model=model, usage_id=f"{number}",
        )
        | {"usage_at": DAY + timedelta(days=day)}
        | ({"usage_until": DAY + timedelta(days=day, hours=kind["hours"])} if kind else {})
    ),
    st.sampled_from(
        [
            None,
            {"hours": 1, "grouping": SPLIT},
            {"hours": 24, "grouping": SPLIT},
            {"hours": 24, "grouping": FINE},
            {"hours": 24, "grouping": None, "format": "dashboard"},
        ]
    ),
    st.sampled_from(["gpt-x", "gpt-x-2026-01-15", "gpt-y"]),
    st.none() | st.integers(0, 3),
    st.integers(0, 1),
    st.integers(0, 10**9),
)  # fmt: skip


@settings(max_examples=30)
@given(st.lists(ROWS, max_size=12, unique_by=lambda row: row["usage_id"]), st.randoms())
def test_any_order_counts_the_same_report_and_shows_the_rest(rows, random):
    kept, overlaps = counted(rows)
    shuffled = random.sample(rows, len(rows))
    files = [shuffled[: len(rows) // 2], shuffled[len(rows) // 2 :]]
    split = count_once(pl.concat([usage_frame(file).lazy() for file in files]))
    assert sorted(split.usage.collect()["usage_id"]) == kept
    assert split.overlaps.equals(overlaps)

    usage = usage_frame(rows).with_columns(
        undated=pl.col("model").str.replace("-2026-01-15", "", literal=True),
        kind=pl.struct("grain", "grouping", width=pl.col("usage_until") - pl.col("usage_at")),
    )
    of_kept = usage.filter(pl.col("usage_id").is_in(kept))
    assert (of_kept.group_by(*KEY, "undated").agg(pl.col("kind").n_unique())["kind"] == 1).all(), "never two reports"
    assert of_kept.select(*KEY, "undated").n_unique() == usage.select(*KEY, "undated").n_unique(), "never none"
    not_kept = usage.filter(~pl.col("usage_id").is_in(kept))
    shown = overlaps.select(*KEY, "model", "usage_rows").group_by(*KEY, "model").agg(pl.col("usage_rows").sum())
    expected = not_kept.group_by(*KEY, model="undated").agg(usage_rows=pl.len().cast(pl.Int64))
    assert shown.sort(*KEY, "model").equals(expected.sort(*KEY, "model")), "nothing is left out unseen"


A, B = ({"account_id": name, "import_id": f"content@{name}"} for name in ("team-a", "team-b"))
"""Rows of files from two folders below inbox/."""


def test_reports_of_two_accounts_both_count():
    log, report = request(10, **A), bucket(4, **B)
    kept, overlaps = counted([log, report])
    assert kept == ids(log, report)
    assert overlaps.is_empty()


def test_within_an_account_the_larger_counts_and_the_row_says_whose_it_is():
    rows = [request(10, **A), bucket(4, **A), request(1, 1, **B), bucket(3, **B)]
    kept, overlaps = counted(rows)
    assert kept == ids(rows[0], rows[3])
    assert overlaps.select("account_id", "report", "tokens", "counted_tokens").rows() == [
        ("team-a", "openai_api, 1 d, project_id", 4, 10),
        ("team-b", "requests", 1, 3),
    ]


def test_what_is_set_apart_by_its_folder_does_not_compete_with_what_is_not():
    rows = [request(10), bucket(4, **B)]
    assert counted(rows)[0] == ids(*rows)


def test_a_report_that_names_no_account_may_be_of_those_that_files_name():
    stated = [request(10, account_id="org-1"), request(7, 1, account_id="org-2")]
    whole = bucket(16)
    kept, overlaps = counted([*stated, whole])
    assert kept == ids(*stated), "they are 17, and never compete with each other"
    assert overlaps.select("account_id", "tokens", "counted_tokens").rows() == [("default", 16, 17)]
    larger = bucket(18)
    assert counted([*stated, larger])[0] == ids(larger)


def test_a_tenant_of_a_gateway_is_no_account_of_a_provider():
    """LiteLLM's organizations send their calls under one contract: their log is what the provider's report holds."""
    tenants = [
        request(10, 0, account_id="tenant-1", format="litellm_spend_logs"),
        request(7, 1, account_id="tenant-2", format="litellm_spend_logs"),
        request(2, 2, format="litellm_spend_logs"),
    ]
    client = request(3, 3)
    for owner in ({}, {"account_id": "org-1"}):
        larger, smaller = bucket(23, **owner), bucket(20, **owner)
        assert counted([*tenants, client, larger])[0] == ids(larger)
        kept, overlaps = counted([*tenants, client, smaller])
        assert kept == ids(*tenants, client)
        kept, overlaps = counted([*tenants, client, larger])
        assert overlaps.select("account_id", "tokens").sort("account_id").rows() == [
            ("default", 5),
            ("tenant-1", 10),
            ("tenant-2", 7),
        ]
    given = [row | {"import_id": "content@team-a", "account_id": "team-a"} for row in tenants]
    assert counted([*given, bucket(23)])[0] == ids(*given, bucket(23)), "what a folder sets apart stays apart"


def test_reports_of_disjoint_projects_both_count():
    rows = [request(10, project_id="proj_1"), bucket(4, project_id="proj_2")]
    assert counted(rows)[0] == ids(*rows)
    assert counted([rows[0], bucket(4, project_id="proj_1")])[0] == ids(rows[0])


def test_projects_are_told_apart_by_ids_of_one_kind_only():
    log = request(10, project_id="/home/ann/app")
    assert counted([log, bucket(14, project_id="wrkspc_1")])[0] == ids(bucket(14, project_id="wrkspc_1"))
    unnamed = request(10)
    assert counted([unnamed, bucket(4, project_id="proj_2")])[0] == ids(unnamed), "it may be of any project"


def test_a_report_without_projects_is_held_against_all_that_are_split():
    split = [request(10, project_id="proj_1"), bucket(4, project_id="proj_2")]
    whole = bucket(13, grouping="")
    kept, overlaps = counted([*split, whole])
    assert kept == ids(*split), "14 of two projects are more than 13"
    assert overlaps.select("report", "counted_report", "counted_tokens").rows() == [
        ("openai_api, 1 d, ", "openai_api, 1 d, project_id and requests", 14)
    ]
    larger = bucket(15, grouping="")
    assert counted([*split, larger])[0] == ids(larger)


def test_each_project_has_its_own_larger_report():
    log = [request(10, project_id="proj_1"), request(2, 1, project_id="proj_2")]
    report = [bucket(9, project_id="proj_1"), bucket(5, project_id="proj_2"), bucket(3, project_id=None)]
    kept, overlaps = counted([*log, *report])
    assert kept == ids(log[0], report[1], report[2]), "the bucket without a project is of the default one"
    assert overlaps.select("report", "tokens", "counted_tokens").rows() == [
        ("openai_api, 1 d, project_id", 9, 10),
        ("requests", 2, 5),
    ]


def test_a_session_of_several_days_that_an_older_program_took_in_is_not_usage_of_its_first_day():
    long, short = (bucket(30, hours, grain="session", grouping=None, format="vibe") for hours in (26, 25))
    assert counted([request(1), long, short])[0] == ids(request(1), short)


def test_a_bucket_of_a_month_that_an_older_program_took_in_is_not_usage_of_its_first_day():
    month = bucket(30, hours=720)
    log = request(1)
    kept, overlaps = counted([log, month])
    assert kept == ids(log)
    assert overlaps.select("report", "tokens", "counted_report", "counted_tokens").rows() == [
        ("openai_api, 30 d, project_id", 30, None, 0)
    ]
    assert "wider than a day" in overlaps["reason"].item()


OWNED = st.builds(
    lambda kind, tokens, owner, project, number: (
        (bucket if kind else request)(tokens, **(kind or {}), project_id=project)
        | {"account_id": owner, "import_id": f"c@{owner}", "usage_id": f"{owner} {number}"}
    ),
    st.sampled_from([None, {"hours": 1}, {"hours": 24}, {"hours": 24, "grouping": ""}]),
    st.integers(0, 3),
    st.sampled_from(["team-a", "team-b", "team-c"]),
    st.sampled_from([None, "proj_1", "proj_2"]),
    st.integers(0, 10**9),
)


@settings(max_examples=30)
@given(st.lists(OWNED, max_size=12, unique_by=lambda row: row["usage_id"]))
def test_an_account_counts_what_it_would_alone(rows):
    kept, overlaps = counted(rows)
    alone = [counted([row for row in rows if row["account_id"] == name]) for name in ("team-a", "team-b", "team-c")]
    assert kept == sorted(one for each, _ in alone for one in each)
    assert overlaps["usage_rows"].sum() == sum(each["usage_rows"].sum() for _, each in alone) == len(rows) - len(kept)
