"""Which text of a parser read a body: a hash that changes with any code of this project that the parser is made of.

The rule: the module of the parse function and every module of this project that it imports, however indirectly, by the
text of their files. Libraries do not count, nor does what a test puts in a function's place. A changed comment counts
too: reading the archive again for nothing is cheap, and missing a change is not.
"""

import hashlib
import re
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

from pipelines.sources.parsed import Parsed
from pipelines.sources.parser_function import ParserFunction

# Found in the text, as parsing a hundred modules takes a third of a second at every start. What only looks like an
# import, in a string, may add a module that the parser is not made of: its archive is then read once more than needed.
_IMPORT = re.compile(
    rb"^[ \t]*(?:from|import)[ \t]+(pipelines[\w.]*)(?:[ \t]+import[ \t]*(\([^)]*\)|[^\n]*))?", re.MULTILINE
)
_NAME = re.compile(rb"\w+")


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
        if name in sys.modules:
            _collect(sys.modules[name], found)


@cache
def _imported(text: bytes) -> tuple[str, ...]:
    """Absolute names that a module imports of this project, with those that it takes out of packages: maybe modules."""
    return tuple(_names(text))


def _names(text: bytes) -> Iterator[str]:
    for module, names in _IMPORT.findall(text):
        yield module.decode()
        yield from (f"{module.decode()}.{name.decode()}" for name in _NAME.findall(names))
