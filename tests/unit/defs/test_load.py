"""Reading sources in a real run: what is asked, what a failure stops, and whether it turns the run red."""

import json
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import dagster as dg
import pytest

from pipelines.defs.build import build_definitions
from pipelines.defs.fetch import pages_key, raw_key
from pipelines.defs.resources import Settings
from pipelines.defs.run_jobs import QUIET
from pipelines.demo import page_for
from pipelines.sources.catalog import SOURCES, SOURCES_BY_KEY, Source, relocated
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import read_table
from tests.loopback import Loopback, Reply

DAY = date(2026, 7, 29)
ANTHROPIC, OPENAI, LITELLM = (SOURCES_BY_KEY[name] for name in ("anthropic_pricing", "openai_pricing", "litellm"))
BOOK = dg.AssetKey(["core", "token_price"])


class Site:
    """Recorded pages on loopback, and runs of the real job that read them."""

    def __init__(self, folder: Path, server: Loopback, instance: dg.DagsterInstance) -> None:
        self.warehouse, self.server, self.instance = Warehouse(folder), server, instance

    def serve(self, pages: Mapping[str, bytes | None]) -> None:
        """These pages; None is not found."""
        for key, body in pages.items():
            for url in SOURCES_BY_KEY[key].urls:
                path = urlsplit(relocated(url, self.server.url())).path
                self.server.script(path, Reply(404) if body is None else Reply(body=body))

    def run(
        self, sources: list[Source], *more: dg.AssetKey, base_url: str | None = "", hour: int = 12
    ) -> dg.ExecuteInProcessResult:
        """Read some sources as a selection of their assets does."""
        settings = Settings(
            warehouse_folder=str(self.warehouse.folder),
            as_of=f"{DAY}T{hour}:00:00",
            base_url=self.server.url() if base_url == "" else base_url,
        )
        return (
            build_definitions(settings)
            .resolve_job_def("refresh_sources")
            .execute_in_process(
                instance=self.instance,
                run_config=QUIET,
                raise_on_error=False,
                asset_selection=[*map(raw_key, sources), *more],
            )
        )

    def sources_in(self, table: str) -> set[str]:
        with self.warehouse.write() as connection:
            return set(read_table(connection, table)["source"])


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    with Loopback() as server, dg.DagsterInstance.ephemeral() as instance:
        made = Site(tmp_path, server, instance)
        made.serve({source.key: recorded(source) for source in (ANTHROPIC, OPENAI, LITELLM)})
        yield made


def recorded(source: Source) -> bytes:
    return next(
        page.read_bytes() for url in source.urls if (page := page_for(DAY, relocated(url, "").lstrip("/"))) is not None
    )


def failures(result: dg.ExecuteInProcessResult) -> dict[str, str]:
    return {
        event.step_key: event.step_failure_data.user_failure_data.description
        for event in result.filter_events(lambda event: event.is_step_failure)
    }


def materialized(result: dg.ExecuteInProcessResult) -> set[dg.AssetKey]:
    return {event.asset_key for event in result.get_asset_materialization_events()}


def test_one_source_is_fetched_and_loaded_alone(site):
    result = site.run([ANTHROPIC], pages_key("token_price"), BOOK)
    assert result.success
    assert materialized(result) == {raw_key(ANTHROPIC), pages_key("token_price"), BOOK}
    assert site.sources_in("raw.fetch") == {ANTHROPIC.key}
    assert site.sources_in("core.token_price") == {ANTHROPIC.key}


def test_another_source_alone_is_not_held_up_by_one_that_failed_before(site):
    site.serve({ANTHROPIC.key: None})
    assert not site.run([ANTHROPIC], pages_key("token_price"), BOOK).success
    assert site.run([LITELLM], pages_key("token_price"), BOOK).success
    assert site.sources_in("core.token_price") == {LITELLM.key}


def test_the_book_is_loaded_after_the_fetch_without_the_node_between(site):
    result = site.run([ANTHROPIC], BOOK)
    assert result.success
    assert site.sources_in("core.token_price") == {ANTHROPIC.key}


def test_a_proven_source_that_fails_turns_the_run_red_and_the_book_is_built_all_the_same(site):
    site.serve({OPENAI.key: None, ANTHROPIC.key: b"<html>hello</html>"})
    result = site.run([ANTHROPIC, OPENAI, LITELLM], pages_key("token_price"), BOOK)
    assert not result.success
    (step,) = failures(result)
    first, second = failures(result)[step].splitlines()
    assert first.startswith("anthropic_pricing is refused: no model pricing table")
    assert second.startswith("openai_pricing could not be fetched: http://127.0.0.1:")
    assert BOOK in materialized(result)
    assert raw_key(OPENAI) not in materialized(result)
    assert site.sources_in("core.token_price") == {LITELLM.key}


def test_other_books_are_loaded_where_one_fails(site):
    lifecycles, rates = SOURCES_BY_KEY["anthropic_deprecations"], SOURCES_BY_KEY["runpod_rates"]
    site.serve({ANTHROPIC.key: None, rates.key: recorded(rates), lifecycles.key: recorded(lifecycles)})
    keys = [dg.AssetKey(["core", name]) for name in ("token_price", "gpu_rate", "model_lifecycle")]
    pages = [pages_key(key.path[-1]) for key in keys]
    result = site.run([ANTHROPIC, rates, lifecycles], *pages, *keys)
    assert set(failures(result)) == {"load_token_price"}
    assert set(keys) <= materialized(result)
    assert site.sources_in("core.gpu_rate") == {rates.key}


@pytest.mark.parametrize("page", [None, b"<html>hello</html>"], ids=["not fetched", "refused"])
def test_an_experimental_source_that_fails_leaves_the_run_green_and_is_told(site, page):
    source = next(one for one in SOURCES if one.table == "token_price" and not one.is_proven)
    site.serve({source.key: page})
    result = site.run([source, LITELLM], pages_key("token_price"), BOOK)
    assert result.success
    (event,) = result.asset_materializations_for_node("load_token_price")
    rows = {record.data["source"]: record.data for record in event.metadata["sources"].records}
    assert rows[source.key]["failure"].startswith(source.key)
    assert (rows[source.key]["is_experimental"], rows[LITELLM.key]["outcome"]) == (True, "promoted")
    assert site.sources_in("core.token_price") == {LITELLM.key}


def test_a_check_names_the_source_that_does_not_meet_it(site):
    everything = pages_key("token_price"), BOOK
    assert site.run([ANTHROPIC, LITELLM], *everything).success
    feed = json.loads(recorded(LITELLM))
    site.serve({LITELLM.key: json.dumps(dict(list(feed.items())[: len(feed) // 2])).encode()})
    result = site.run([ANTHROPIC, LITELLM], *everything, hour=13)
    assert not result.success
    evaluations = {found.check_name: found for found in result.get_asset_check_evaluations()}
    assert {name for name, found in evaluations.items() if not found.passed} == {"has_rows", "keeps_rows"}
    kept = evaluations["keeps_rows"]
    assert kept.severity == dg.AssetCheckSeverity.ERROR
    assert kept.metadata["sources_checked"].value == 1, "the other page is the one that was checked in the first run"
    assert [record.data["source"] for record in kept.metadata["not_met_by"].records] == [LITELLM.key]


def test_pages_that_have_not_changed_are_not_checked_again(site):
    everything = pages_key("token_price"), BOOK
    assert site.run([ANTHROPIC, LITELLM], *everything).get_asset_check_evaluations() != []
    again = site.run([ANTHROPIC, LITELLM], *everything, hour=13)
    assert again.success
    assert again.get_asset_check_evaluations() == []
    (event,) = again.asset_materializations_for_node("load_token_price")
    assert {record.data["outcome"] for record in event.metadata["sources"].records} == {"promoted"}


def test_a_source_without_its_key_is_not_asked_and_fails_nothing(site, monkeypatch):
    source = SOURCES_BY_KEY["openai_models_api"]
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    lifecycles = dg.AssetKey(["core", "model_lifecycle"])
    result = site.run([source], pages_key("model_lifecycle"), lifecycles, base_url=None)
    assert result.success
    assert raw_key(source) not in materialized(result)
    assert site.sources_in("raw.fetch") == set()
    assert result.get_asset_check_evaluations() == [], "a check of no page would pass by accident"


def test_a_key_that_cannot_be_one_is_told_and_not_shown(site, monkeypatch):
    source = SOURCES_BY_KEY["openai_models_api"]
    monkeypatch.setenv("OPENAI_API_KEY", "sk 123")
    lifecycles = dg.AssetKey(["core", "model_lifecycle"])
    result = site.run([source], pages_key("model_lifecycle"), lifecycles, base_url=None)
    said = str([event.event_specific_data for event in result.all_events])
    assert "OPENAI_API_KEY holds characters that no key has" in said
    assert "sk 123" not in said
