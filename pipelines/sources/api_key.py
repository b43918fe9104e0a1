"""The user's key for a source: which variable holds it and in which header it goes. Holds and prints no key itself."""

from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.sources.fetch_error import FetchError


@dataclass(frozen=True)
class ApiKey:
    """Where the key of a source is found. Keys go in headers only: addresses are stored, shown and logged by others."""

    variable: str
    """Environment variable; the only place that a key is read from."""
    header: str = "Authorization"
    prefix: str = "Bearer "

    def is_set(self, environ: Mapping[str, str]) -> bool:
        """Whether the user gave a key."""
        return bool(environ.get(self.variable, "").strip())

    def headers(self, environ: Mapping[str, str]) -> dict[str, str]:
        """The header with the key. Raises FetchError without a key, or for text that can be none: the text is kept out.

        Keys are printable ASCII without blanks (RFC 6750 2.1 for bearer tokens); a line break would split the header.
        """
        key = environ.get(self.variable, "").strip()
        if not key:
            raise FetchError(f"{self.variable} is not set")
        if not all("!" <= character <= "~" for character in key):
            raise FetchError(f"{self.variable} holds characters that no key has")
        return {self.header: self.prefix + key}
