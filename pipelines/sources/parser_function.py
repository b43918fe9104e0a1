"""A function of a parser, named in the declaration of its source and imported when it is first called.

The catalog is read by commands that parse nothing, and the parsers with their libraries take longer to import than
such a command may last.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any


@dataclass(frozen=True)
class ParserFunction:
    """Takes a body, as the function does that it names. `module` lies below pipelines.sources: llm_prices.openai."""

    module: str
    name: str = "parse"

    def load(self) -> Callable[[bytes], Any]:
        """The function itself. Raises ImportError or AttributeError where the declaration names none."""
        function: Callable[[bytes], Any] = getattr(import_module(f"{__package__}.{self.module}"), self.name)
        return function

    def __call__(self, body: bytes) -> Any:
        """What the function returns and raises for a body."""
        return self.load()(body)
