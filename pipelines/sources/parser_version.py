"""Which text of a parser read a body: a hash that changes with any code of this project that the parser is made of.

The rule: the module of the parse function and every module of this project that it imports, however indirectly, by the
text of their files. Libraries do not count, nor does what a test puts in a function's place. A changed comment counts
too: reading the archive again for nothing is cheap, and missing a change is not.
"""

import ast
import hashlib
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

from pipelines.sources.parsed import Parsed
from pipelines.sources.parser_function import ParserFunction

PROJECT = "pipelines"


@cache
def parser_version(parse: Callable[[bytes], Parsed]) -> str:
    """Hash of the text of a parser: 20 hex digits, the same in any process that runs the same files."""
    if isinstance(parse, ParserFunction):
        parse = parse.load()
    found: dict[str, bytes] = {}
    _collect(sys.modules[parse.__module__], found)
    parts = [part for name in sorted(found) for part in (name.encode(), found[name])]
    return hashlib.sha256(b"\x1f".join(parts)).hexdigest()[:20]


def _collect(module: ModuleType, found: dict[str, bytes]) -> None:
    """Add the text of a module and of all that it imports of this project."""
    if module.__name__ in found or module.__file__ is None:
        return
    text = Path(module.__file__).read_bytes()
    found[module.__name__] = text
    for name in _imported(text):
        # Either a module or a name inside of one: only modules are found here.
        if name.partition(".")[0] == PROJECT and name in sys.modules:
            _collect(sys.modules[name], found)


@cache
def _imported(text: bytes) -> tuple[str, ...]:
    """Absolute names that a module imports, with those that it takes out of packages: they may be modules."""
    return tuple(_names(text))


def _names(text: bytes) -> Iterator[str]:
    for node in _statements(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """Every statement below one, at any depth. No expression holds an import, and most of a module is expressions."""
    for block in ("body", "handlers", "cases", "orelse", "finalbody"):
        for inner in getattr(node, block, ()):
            yield inner
            yield from _statements(inner)
