"""Of several statements on the end of one model the one that counts: by version, scope and source."""

from datetime import date

import polars as pl

from pipelines.decisions.deprecation_risk import one_end_per_model

JUNE = date(2026, 6, 1)


def _lifecycle_row(**differences):
    row = {
        "provider": "openai", "channel": "azure", "model": "gpt-4o", "version": "", "scope": "all",
        "retires_on": date(2026, 12, 1), "lifecycle_id": "a", "source": "page", "rank": 1,
    }  # fmt: skip
    return row | differences


def test_versions_are_models_and_of_scopes_the_whole_or_the_first_to_end_counts():
    rows = pl.DataFrame([
        _lifecycle_row(version="2024-05-13", lifecycle_id="may"),
        _lifecycle_row(version="2024-08-06", lifecycle_id="august"),
        _lifecycle_row(channel="bedrock", model="titan", scope="us-east-1", lifecycle_id="late"),
        _lifecycle_row(channel="bedrock", model="titan", scope="eu-west-1", retires_on=JUNE, lifecycle_id="soon"),
        _lifecycle_row(channel="bedrock", model="nova", scope="us-east-1", retires_on=JUNE, lifecycle_id="part"),
        _lifecycle_row(channel="bedrock", model="nova", lifecycle_id="whole"),
    ])  # fmt: skip
    found = one_end_per_model(rows).sort("lifecycle_id").select("lifecycle_id", "channel", "model").rows()
    assert found == [
        ("august", "azure", "gpt-4o-2024-08-06"),
        ("may", "azure", "gpt-4o-2024-05-13"),
        ("soon", "bedrock", "titan"),
        ("whole", "bedrock", "nova"),
    ]


def test_the_better_source_counts_and_the_other_only_for_what_it_lists_alone():
    api = {"source": "api", "rank": 2}
    rows = pl.DataFrame([
        _lifecycle_row(lifecycle_id="page"),
        _lifecycle_row(retires_on=JUNE, lifecycle_id="api", **api),
        _lifecycle_row(model="o9", retires_on=JUNE, lifecycle_id="api alone", **api),
        _lifecycle_row(channel="bedrock", model="nova", scope="eu-west-1,us-east-1", lifecycle_id="page's part"),
        _lifecycle_row(channel="bedrock", model="nova", scope="us-east-1", retires_on=JUNE, lifecycle_id="part", **api),
    ])  # fmt: skip
    assert sorted(one_end_per_model(rows)["lifecycle_id"]) == ["api alone", "page", "page's part"]
