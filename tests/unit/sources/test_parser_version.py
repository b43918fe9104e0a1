"""The version of a parser changes with its text and with the text of what it imports of this project, and only then."""

import importlib.util
import sys

import pytest

from pipelines.sources import parser_version as parser_versions
from pipelines.sources.catalog import SOURCES, SOURCES_BY_KEY
from pipelines.sources.parser_version import parser_version


@pytest.fixture
def version_of(tmp_path, monkeypatch):
    """The version of a parser in one file that imports another, as a new process would find it."""

    def load(name, text):
        file = tmp_path / f"{name.replace('.', '_')}.py"
        file.write_text(text)
        spec = importlib.util.spec_from_file_location(name, file)
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, module)
        spec.loader.exec_module(module)
        return module

    def version(parser, imported):
        load("pipelines.made_up", imported)
        parser_version.cache_clear()
        return parser_version(load("made_up_parser", parser).parse)

    yield version
    parser_version.cache_clear()


PARSER = "from pipelines import made_up\nimport json\ndef parse(body):\n    return made_up.read(body)\n"
IMPORTED = "def read(body):\n    return body\n"


def test_it_changes_with_any_text_that_the_parser_is_made_of(version_of, monkeypatch):
    monkeypatch.setattr("pipelines.made_up", object(), raising=False)
    first = version_of(PARSER, IMPORTED)
    assert version_of(PARSER, IMPORTED) == first
    assert version_of(PARSER + "# a remark\n", IMPORTED) != first
    assert version_of(PARSER, IMPORTED.replace("return body", "return body[:9]")) != first


def test_every_source_has_a_version_and_those_of_one_parser_share_it():
    versions = {source.key: parser_version(source.parse) for source in SOURCES}
    assert all(len(version) == 20 for version in versions.values())
    assert versions["litellm"] == versions["tokencost"]
    assert len({versions[key] for key in ("litellm", "openai_pricing", "runpod_rates")}) == 3


def test_a_parser_counts_the_modules_that_name_its_models():
    found = {}
    parser_versions._collect(sys.modules[SOURCES_BY_KEY["litellm"].parse.load().__module__], found)
    assert {
        "pipelines.sources.feeds.litellm_names",
        "pipelines.models.model_ids",
        "pipelines.schema.token_prices",
    } <= set(found)
    assert all(name.split(".")[0] == "pipelines" for name in found)
    assert not any(name.startswith(("pipelines.snapshots", "pipelines.defs", "pipelines.warehouse")) for name in found)
