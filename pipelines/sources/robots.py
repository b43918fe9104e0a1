"""Where a fetch may go: its address, its redirects, and what robots.txt allows. No network here; `fetch` asks.

The verdict on robots.txt is that of `urllib.robotparser`: prefixes, first match, neither wildcards nor longest match.
"""

from urllib.parse import urljoin
from urllib.robotparser import RobotFileParser

from urllib3.util import Url, parse_url

from pipelines.sources.fetch_error import FetchError

DEFAULT_PORTS = {"http": 80, "https": 443}
MAX_SHOWN = 200


def shown(url: str) -> str:
    """An address for messages: without user, password, query and fragment, and bounded."""
    try:
        parts = parse_url(url)
    except ValueError:
        return "an address that cannot be read"
    return f"{parts.scheme}://{authority(parts)}{parts.path or ''}"[:MAX_SHOWN]


def redirect_target(url: str, location: str, hosts: set[str]) -> Url:
    """The address that a redirect from `url` names. Raises FetchError if it may not be followed."""
    try:
        target = checked(urljoin(url, location))
    except ValueError:
        raise FetchError(f"{shown(url)}: redirect to an address that cannot be read") from None
    if authority(target) not in hosts:
        raise FetchError(f"{shown(url)}: redirect to a foreign host {authority(target)[:MAX_SHOWN]}")
    if target.scheme == "http" and parse_url(url).scheme == "https":
        raise FetchError(f"{shown(url)}: redirect from https to http")
    return target


def checked(address: str) -> Url:
    """The parts of an http(s) address without user and password, by the parser that opens the connection."""
    try:
        url = parse_url(address)
    except ValueError:
        raise FetchError("an address that cannot be read") from None
    if url.scheme not in DEFAULT_PORTS or not url.host:
        raise FetchError(f"{shown(address)}: not an http or https address")
    if url.auth is not None:
        raise FetchError(f"{shown(address)}: user and password in an address are refused")
    return url._replace(fragment=None)


def authority(url: Url) -> str:
    """The host, with its port where that is not the scheme's own."""
    is_default = url.port is None or url.port == DEFAULT_PORTS.get(url.scheme or "")
    return str(url.host) if is_default else f"{url.host}:{url.port}"


def read_robots(body: bytes) -> RobotFileParser:
    """Rules from the bytes of a robots.txt.

    Lines that are no rule are ignored, so an HTML page allows everything.
    Raises ValueError for a path that the parser cannot read: what it forbids is unknown.
    """
    text = body.decode("utf-8-sig", errors="replace")
    rules = RobotFileParser()
    # A blank line between a User-agent line and its rules would make the parser drop the group.
    rules.parse([line for line in text.splitlines() if line.strip()])
    return rules


NO_RULES = read_robots(b"")
"""The rules of a host without robots.txt (RFC 9309 2.3.1.3: a 4xx means no rules)."""
