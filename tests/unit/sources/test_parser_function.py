"""Every function that a declaration names exists, and no parser imports anything later than its module does."""

import ast

import pytest

from pipelines.sources import parser_version as parser_versions
from pipelines.sources.catalog import SOURCES, SOURCES_BY_KEY
from pipelines.sources.parsed import ParseError
from pipelines.sources.parser_function import ParserFunction


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.key)
def test_the_functions_of_a_source_are_in_the_room_of_its_kind(source):
    for function in (source.parse, source.next_page):
        if function is not None:
            loaded = function.load()
            assert loaded.__name__ == function.name
            assert loaded.__module__.startswith(f"pipelines.sources.{source.kind}.")


def test_a_call_is_the_call_of_the_function():
    with pytest.raises(ParseError, match="not a whole JSON document"):
        SOURCES_BY_KEY["litellm"].parse(b"{")


def test_a_function_that_is_not_there_is_an_error():
    with pytest.raises(AttributeError, match="no_such_function"):
        ParserFunction("feeds.litellm", "no_such_function")(b"{}")


def test_all_that_a_parser_is_made_of_is_imported_with_it():
    """Else its version would depend on what else the process has imported."""
    found = {}
    for source in SOURCES:
        module = parser_versions.sys.modules[source.parse.load().__module__]
        parser_versions._collect(module, found)
    assert "pipelines.sources.parsed" in found
    for name, text in found.items():
        tree = ast.parse(text)
        inner = [
            alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom) and node not in tree.body
            for alias in ([ast.alias(node.module or "")] if isinstance(node, ast.ImportFrom) else node.names)
        ]
        assert not [one for one in inner if one.startswith("pipelines")], name
