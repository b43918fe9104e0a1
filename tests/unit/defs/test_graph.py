"""The asset graph as a stranger reads it: few parents, one node per book, groups in the order of the flow."""

from collections import Counter
from graphlib import TopologicalSorter

import dagster as dg
import pytest

from pipelines.defs.build import build_definitions
from pipelines.defs.resources import Settings
from pipelines.schema.tables import TABLES_BY_NAME
from pipelines.sources.catalog import SOURCES
from pipelines.sources.parser_version import parser_version
from pipelines.warehouse.marts import marts

BOOKS = ("token_price", "gpu_rate", "exchange_rate", "model_lifecycle")
GROUPS = {
    *("fetch", "experimental", "prices", "gpu_rates", "lifecycles", "usage", "costs", "decisions", "alerts"),
    "publish",
}


def key(name: str) -> dg.AssetKey:
    return dg.AssetKey(name.split("."))


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory):
    settings = Settings(warehouse_folder=str(tmp_path_factory.mktemp("warehouse")))
    return build_definitions(settings).resolve_asset_graph()


def test_a_book_is_one_node_between_its_sources_and_what_reads_it(graph):
    for book in BOOKS:
        nodes = [node for node in graph.asset_nodes if node.key.path[:2] == ["core", book]]
        assert [node.key for node in nodes] == [key(f"core.{book}")]
        pages = graph.get(key(f"raw.{book}_pages"))
        assert pages.parent_keys == {key(f"raw.{source.key}") for source in SOURCES if source.table == book}
        assert pages.child_keys == {key(f"core.{book}")}


def test_what_reads_a_book_has_few_parents(graph):
    assert graph.get(key("main.price_conflict")).parent_keys == {key("core.token_price")}
    assert graph.get(key("main.source_health")).parent_keys == {key(f"core.{book}") for book in BOOKS}
    # What is told and what is published is of everything.
    reads_all = {key("costs_duckdb"), key("main.alert")}
    counts = {node.key: len(node.parent_keys) for node in graph.asset_nodes if node.key.path[0] != "raw"}
    assert max(count for found, count in counts.items() if found not in reads_all) <= 6


def test_publishing_needs_every_mart_and_no_decision(graph):
    parents = graph.get(key("costs_duckdb")).parent_keys
    assert parents >= {key(mart.table.qualified) for mart in marts()}
    late = ("break_even", "spend_forecast", "notice_statistics", "deprecation_risk", "what_if", "claim_check")
    late += ("alert", "alert_delivery")
    assert not parents & {key(f"main.{name}") for name in late}


def test_alerts_need_only_what_they_read(graph):
    """A break-even that fails stops no alert."""
    parents = graph.get(key("main.alert")).parent_keys
    assert key("main.deprecation_risk") in parents
    assert key("main.break_even") not in parents


def test_groups_read_as_the_flow_and_have_no_circle(graph):
    assert {node.group_name for node in graph.asset_nodes} == GROUPS
    group = {node.key: node.group_name for node in graph.asset_nodes}
    above = {name: set() for name in GROUPS}
    for node in graph.asset_nodes:
        above[node.group_name] |= {group[parent] for parent in node.parent_keys} - {node.group_name}
    above["fetch"].discard("experimental")
    order = list(TopologicalSorter(above).static_order())
    flow = ("fetch", "prices", "costs", "decisions", "alerts")
    assert [name for name in order if name in flow] == list(flow)
    assert order.index("publish") > order.index("costs")


def test_unproven_sources_are_told_by_group_and_tag(graph):
    for source in SOURCES:
        node = graph.get(key(f"raw.{source.key}"))
        is_experimental = not source.is_proven
        assert (node.group_name == "experimental", "experimental" in node.tags) == (is_experimental,) * 2, source.key
    assert 0 < sum(source.is_proven for source in SOURCES) < len(SOURCES)


def test_every_table_says_its_columns(graph):
    schemas = {
        ".".join(node.key.path): node.metadata["dagster/column_schema"]
        for node in graph.asset_nodes
        if "dagster/column_schema" in node.metadata
    }
    tables = {".".join(node.key.path) for node in graph.asset_nodes} & {*TABLES_BY_NAME, "core.usage"}
    assert len(tables) > 25
    assert tables <= set(schemas)
    for name in tables - {"core.usage"}:
        declared = TABLES_BY_NAME[name].declaration.column_names()
        assert [column.name for column in schemas[name].columns] == declared, name
    assert all(column.description and column.type for column in schemas["main.cost_daily"].columns)


def test_everything_has_an_owner_tags_kinds_and_a_description(graph):
    for node in graph.asset_nodes:
        assert node.owners == ["team:inference-costs"], node.key
        assert node.description, node.key
        kinds = [tag for tag in node.tags if tag.startswith("dagster/kind/")]
        assert 1 <= len(kinds) <= 3, node.key
        assert len(node.tags) > len(kinds), node.key


def test_code_versions_follow_the_code(graph):
    for source in SOURCES:
        assert graph.get(key(f"raw.{source.key}")).code_version == parser_version(source.parse)
    versions = Counter(graph.get(key(mart.table.qualified)).code_version for mart in marts())
    assert None not in versions
    assert set(versions.values()) == {1}
    assert graph.get(key("core.usage_cost")).code_version


def test_sources_and_marts_say_when_they_are_stale(graph):
    names = [f"raw.{source.key}" for source in SOURCES] + [mart.table.qualified for mart in marts()]
    assert all(graph.get(key(name)).freshness_policy_or_from_metadata for name in names)
