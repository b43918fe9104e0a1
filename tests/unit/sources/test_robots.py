"""Where a fetch may go: addresses, redirects and robots.txt, without a network."""

import pytest

from pipelines.sources.fetch import USER_AGENT
from pipelines.sources.fetch_error import FetchError
from pipelines.sources.robots import NO_RULES, checked, read_robots, redirect_target, shown

HOSTS = {"prices.test", "docs.test:8443"}


@pytest.mark.parametrize(
    ("robots", "path", "is_allowed"),
    [
        (b"User-agent: *\nDisallow: /private\n", "/pricing", True),
        (b"User-agent: *\nDisallow: /private\n", "/private/list", False),
        (b"User-agent: *\r\n\r\nDisallow: /\r\n", "/pricing", False),
        (b"\xef\xbb\xbfUser-agent: *\nDisallow: /\n", "/pricing", False),
        (b"User-agent: *\nDisallow: /\n\nUser-agent: inference-cost-warehouse\nAllow: /\n", "/pricing", True),
        (b"User-agent: *\nAllow: /\n\nUser-agent: Inference-Cost-Warehouse\nDisallow: /\n", "/pricing", False),
        (b"User-agent: SomeOtherBot\nDisallow: /\n", "/pricing", True),
        (b"User-agent: *\nDisallow:\n", "/pricing", True),
        (b"<!doctype html><html><body>Disallow: /</body></html>", "/pricing", True),
        (b"\xff\xfe\x00", "/pricing", True),
        (b"", "/pricing", True),
    ],
)
def test_robots(robots: bytes, path: str, *, is_allowed: bool) -> None:
    assert read_robots(robots).can_fetch(USER_AGENT, f"https://prices.test{path}") is is_allowed


def test_no_rules_allow_all() -> None:
    assert NO_RULES.can_fetch(USER_AGENT, "https://prices.test/any")


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/new?x=1", "https://prices.test/new?x=1"),
        ("new", "https://prices.test/old/new"),
        ("https://DOCS.test:8443/a#part", "https://docs.test:8443/a"),
        ("https://prices.test:443/a", "https://prices.test:443/a"),
        ("//prices.test/a", "https://prices.test/a"),
    ],
)
def test_redirects_within_the_hosts(location: str, target: str) -> None:
    assert redirect_target("https://prices.test/old/page", location, HOSTS).url == target


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("https://evil.test/a?key=hunter2", "foreign host evil.test$"),
        ("https://prices.test.evil.test/", "foreign host prices.test.evil.test$"),
        ("https://prices.test:8443/", "foreign host prices.test:8443$"),
        ("https://docs.test/", "foreign host docs.test$"),
        ("https://evil.test\\@prices.test/", "foreign host evil.test$"),
        ("http://prices.test/a", "from https to http$"),
        ("https://prices.test@evil.test/", "user and password"),
        ("https://user:hunter2@prices.test/", "user and password"),
        ("ftp://prices.test/a", "not an http or https address"),
        ("file:///etc/passwd", "not an http or https address"),
        ("javascript:alert(1)", "not an http or https address"),
        ("https://[", "cannot be read"),
        ("https://prices.test:99999/", "cannot be read"),
    ],
)
def test_redirects_refused(location: str, reason: str) -> None:
    with pytest.raises(FetchError, match=reason) as caught:
        redirect_target("https://prices.test/old?key=hunter2", location, HOSTS)
    assert "hunter2" not in str(caught.value)


def test_http_may_become_https() -> None:
    assert redirect_target("http://prices.test/", "https://prices.test/", HOSTS).scheme == "https"


@pytest.mark.parametrize("address", ["prices.test/a", "/a", "", "https:///a", "gopher://prices.test/"])
def test_only_whole_http_addresses(address: str) -> None:
    with pytest.raises(FetchError, match="not an http or https address"):
        checked(address)


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("https://user:hunter2@prices.test/a/b?key=hunter2#hunter2", "https://prices.test/a/b"),
        ("http://prices.test:8080", "http://prices.test:8080"),
        ("https://prices.test/a\nb", "https://prices.test/a%0Ab"),
        ("https://[", "an address that cannot be read"),
    ],
)
def test_shown_addresses_hold_no_secret(address: str, text: str) -> None:
    assert shown(address) == text


def test_shown_addresses_are_bounded() -> None:
    assert len(shown("https://prices.test/" + "a" * 9999)) == 200
