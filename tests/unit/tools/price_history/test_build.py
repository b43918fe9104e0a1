"""The build of the shipped history on recordings of its own: files, moves and announcements become versions."""

import json
from datetime import datetime
from decimal import Decimal

import polars as pl
import pytest

from pipelines.schema.columns import polars_schema
from pipelines.schema.raw import Fetch
from tools.price_history import build as script

MOVES = """seen_date,source,litellm_provider,model,field,old_usd_per_mtok,new_usd_per_mtok,prev_seen_date
2025-05-01,litellm,openai,gpt-x,input_cost_per_token,10.0,2.0,2025-04-01
2025-05-01,litellm,openai,gpt-y,input_cost_per_token,0.0,1.0,2025-04-01
"""
RECORDINGS = """path,source,series,seen_on,url
moves.csv,litellm_moves,litellm_map,2025-04-01,https://example.com/moves
map.json,litellm,litellm_map,2025-06-01,https://example.com/map
"""
ANNOUNCEMENTS = """provider,channel,region,model,meter,service_tier,context_from,context_to,time_window,unit,\
usd_per_unit,effective_from,known_from,printed,url
openai,api,global,gpt-x,input_uncached,standard,0,,always,mtok,2,2025-04-15,2025-04-15,$2,https://example.com/cut
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(script, "FOLDER", tmp_path)
    (tmp_path / "recordings.csv").write_text(RECORDINGS)
    (tmp_path / "announcements.csv").write_text(ANNOUNCEMENTS)
    (tmp_path / "moves.csv").write_text(MOVES)
    entry = {"litellm_provider": "openai", "input_cost_per_token": 2e-6, "output_cost_per_token": 8e-6}
    (tmp_path / "map.json").write_text(json.dumps({"gpt-x": entry}))
    return tmp_path


def test_a_move_seen_between_two_files_is_dated_by_its_announcement(folder):
    script.build(folder, folder)
    versions = pl.read_parquet(folder / "token_price.parquet").filter(pl.col("known_to").is_null(), model="gpt-x")
    evidence = pl.read_csv(folder / "token_price_evidence.csv", schema=polars_schema(Fetch))
    shown = versions.join(evidence, on="fetch_id").sort("meter", "valid_from")
    assert shown.select("meter", "usd_per_unit", "valid_from", "valid_to", "url").rows() == [
        ("input_uncached", Decimal(10), datetime(2025, 4, 1), datetime(2025, 4, 15), "https://example.com/moves"),
        ("input_uncached", Decimal(2), datetime(2025, 4, 15), None, "https://example.com/cut"),
        ("output", Decimal(8), datetime(2025, 4, 15), datetime(2025, 6, 1), "https://example.com/map"),
        ("output", Decimal(8), datetime(2025, 6, 1), None, "https://example.com/map"),
    ]


def test_evidence_is_of_no_source_that_is_fetched_and_has_no_body(folder):
    script.build(folder, folder)
    evidence = pl.read_csv(folder / "token_price_evidence.csv", schema=polars_schema(Fetch))
    Fetch.validate(evidence)
    assert set(evidence["source"]) == {"price_history"}
    assert set(evidence["origin"]) == {"shipped"}
    assert evidence["archive_path"].null_count() == evidence.height


def test_the_same_recordings_give_the_same_history(folder, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    script.build(folder, folder)
    script.build(folder, other)
    for name in ("token_price.parquet", "token_price_evidence.csv"):
        assert (folder / name).read_bytes() == (other / name).read_bytes()


def test_an_unknown_price_is_no_move(folder):
    script.build(folder, folder)
    versions = pl.read_parquet(folder / "token_price.parquet").filter(model="gpt-y")
    assert versions.select("usd_per_unit", "valid_from").rows() == [(Decimal(1), datetime(2025, 5, 1))]
