"""Bytes over HTTP, politely and within bounds. No parsing, no database, no clock but for time-outs.

An answer is whole or it is an error: truncated, oversized, empty and unexpected answers raise FetchError.
Messages hold no query string, no password and no key. Cookies and .netrc are not sent; proxies and CA bundle are
honoured. A request with the user's key goes to the one address that was named, and nowhere else.
"""

import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.robotparser import RobotFileParser

import requests
import urllib3
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, stop_before_delay
from tenacity.wait import wait_exponential_jitter
from urllib3.util import Url

from pipelines.sources.fetch_error import FetchError
from pipelines.sources.robots import NO_RULES, authority, checked, read_robots, redirect_target, shown
from pipelines.sources.transient_errors import PassingError, StopAtUnknownHost, passing, retry_after

__all__ = ["Answer", "FetchError", "Fetcher", "Patience", "Request"]

USER_AGENT = "inference-cost-warehouse/0.1.0 (+price research; respects robots.txt)"
MAX_REDIRECTS = 5
CHUNK_BYTES = 64 * 1024
MAX_ROBOTS_BYTES = 1024 * 1024  # RFC 9309 2.5 asks for at least 500 KiB
PASSING_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
DECODED_ENCODINGS = frozenset({"", "identity", "gzip", "x-gzip", "deflate"})


@dataclass(frozen=True)
class Request:
    """What to ask. A `json_body` makes it a POST, which must be a read-only query: it may be sent again."""

    url: str
    hosts: frozenset[str] = frozenset()
    """Where redirects may lead, as host or host:port; the url's own host always belongs to it."""
    json_body: Mapping[str, Any] | None = None
    etag: str | None = None
    last_modified: str | None = None
    accept: str = "*/*"
    max_bytes: int = 20 * 1024 * 1024  # of the decoded body
    secret_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Headers that hold the user's key. With them no redirect is followed, and robots.txt, which speaks to crawlers,
    is not asked: the user is a customer of the API."""


@dataclass(frozen=True)
class Answer:
    """A whole body with status 200, or status 304 and no body."""

    url: str
    status: int
    body: bytes | None
    etag: str | None
    last_modified: str | None
    content_type: str | None


@dataclass(frozen=True)
class Patience:
    """How long to wait, in seconds, and how often to try."""

    connect: float = 10
    read: float = 30
    total: float = 180
    """For one fetch with robots.txt, redirects and retries; a hung read may end later, dripping headers much later."""
    attempts: int = 4
    backoff: float = 1
    backoff_max: float = 30
    retry_after_max: int = 60


class Fetcher(AbstractContextManager["Fetcher"]):
    """Asks for one thing at a time over one session, and remembers each host's robots.txt. Not for several threads."""

    def __init__(self, patience: Patience | None = None) -> None:
        self._patience = patience or Patience()
        self._robots: dict[str, RobotFileParser] = {}
        self._session = _Session()

    def __exit__(self, *_: object) -> None:
        """Close all connections."""
        self._session.close()

    def fetch(self, request: Request) -> Answer:
        """Ask, following redirects within the hosts and robots.txt. Raises FetchError, whatever went wrong."""
        deadline = time.monotonic() + self._patience.total
        answer = self._follow(request, deadline, ask_robots=not request.secret_headers)
        if answer.body == b"":
            raise FetchError(f"{shown(request.url)}: the body is empty", answer.status)
        if any(header.split()[-1].encode() in (answer.body or b"") for header in request.secret_headers.values()):
            raise FetchError(f"{shown(request.url)}: the answer repeats the key and is not kept", answer.status)
        return answer

    def _follow(self, request: Request, deadline: float, *, ask_robots: bool) -> Answer:
        url = checked(request.url)
        hosts = {host.lower() for host in request.hosts} | {authority(url)}
        for _ in range(MAX_REDIRECTS + 1):
            if ask_robots:
                self._check_robots(url, hosts, deadline)
            answer = self._try(replace(request, url=url.url), deadline)
            if isinstance(answer, Answer):
                return answer
            if request.secret_headers:
                raise FetchError(f"{shown(request.url)}: a redirect, which is not followed with a key")
            url = redirect_target(url.url, answer, hosts)
        raise FetchError(f"{shown(request.url)}: more than {MAX_REDIRECTS} redirects")

    def _check_robots(self, url: Url, hosts: set[str], deadline: float) -> None:
        origin = f"{url.scheme}://{authority(url)}"
        if origin not in self._robots:
            self._robots[origin] = self._ask_robots(f"{origin}/robots.txt", hosts, deadline)
        if not self._robots[origin].can_fetch(USER_AGENT, url.url):
            raise FetchError(f"{shown(url.url)}: robots.txt disallows it")

    def _ask_robots(self, address: str, hosts: set[str], deadline: float) -> RobotFileParser:
        """RFC 9309: no file (4xx) allows all; a file that cannot be had (5xx, 429, network) allows nothing."""
        request = Request(address, frozenset(hosts), accept="text/plain, */*", max_bytes=MAX_ROBOTS_BYTES)
        try:
            return read_robots(self._follow(request, deadline, ask_robots=False).body or b"")
        except FetchError as error:
            if error.status in range(400, 500) and error.status not in PASSING_STATUSES:
                return NO_RULES
            raise FetchError(f"robots.txt not reachable: {error}", error.status) from None
        except ValueError:
            raise FetchError(f"{shown(address)}: robots.txt not readable") from None

    def _try(self, request: Request, deadline: float) -> Answer | str:
        return Retrying(
            retry=retry_if_exception_type(PassingError),
            wait=self._wait_seconds,
            stop=stop_after_attempt(self._patience.attempts)
            | stop_before_delay(max(0, deadline - time.monotonic()))
            | StopAtUnknownHost(),
            reraise=True,
        )(self._attempt, request, deadline)

    def _wait_seconds(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, PassingError) and error.retry_after_seconds is not None:
            return error.retry_after_seconds
        first, last = self._patience.backoff, self._patience.backoff_max
        return wait_exponential_jitter(multiplier=first, max=last, jitter=first)(state)

    def _attempt(self, request: Request, deadline: float) -> Answer | str:
        """One request: the answer, or where it redirects to."""
        left = deadline - time.monotonic()
        if left <= 0:
            raise FetchError(f"{shown(request.url)}: no answer within {self._patience.total:g} s")
        try:
            with self._session.request(
                "GET" if request.json_body is None else "POST",
                request.url,
                json=request.json_body,
                headers=_headers(request),
                timeout=(min(self._patience.connect, left), min(self._patience.read, left)),
                stream=True,
                allow_redirects=False,
            ) as response:
                return self._receive(request, response, deadline)
        # The texts of these errors hold the whole URL, so neither text nor chain is passed on.
        except requests.exceptions.SSLError:
            raise FetchError(f"{shown(request.url)}: TLS failed, perhaps the certificate") from None
        except (requests.ConnectionError, requests.Timeout, urllib3.exceptions.HTTPError) as error:
            raise passing(shown(request.url), error) from None
        except (OSError, ValueError) as error:  # all other errors of requests, and a missing CA bundle
            raise FetchError(f"{shown(request.url)}: {type(error).__name__}") from None

    def _receive(self, request: Request, response: requests.Response, deadline: float) -> Answer | str:
        status, headers = response.status_code, response.headers
        if response.is_redirect:
            if request.json_body is not None and status not in (307, 308):
                raise FetchError(f"{shown(request.url)}: HTTP {status} would turn the POST into a GET", status)
            return headers["location"].encode("latin-1").decode("utf-8", errors="replace")
        self._check_status(request, response)
        return Answer(
            url=request.url,
            status=status,
            body=None if status == 304 else _body(request, response, deadline),
            etag=headers.get("ETag"),
            last_modified=headers.get("Last-Modified"),
            content_type=headers.get("Content-Type"),
        )

    def _check_status(self, request: Request, response: requests.Response) -> None:
        status = response.status_code
        is_conditional = request.etag is not None or request.last_modified is not None
        if status == 200 or (status == 304 and is_conditional):
            return
        if status not in PASSING_STATUSES:
            raise FetchError(f"{shown(request.url)}: HTTP {status}", status)
        error = PassingError(f"{shown(request.url)}: HTTP {status}", status)
        error.retry_after_seconds = retry_after(response.headers.get("Retry-After", ""), self._patience.retry_after_max)
        raise error


class _Session(requests.Session):
    def __init__(self) -> None:
        super().__init__()
        # A callable that adds nothing keeps requests from looking into .netrc, while proxies stay in force.
        self.auth = lambda prepared: prepared
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Redirects are followed by hand; requests would read the whole body of one even if told not to follow."""


def _headers(request: Request) -> dict[str, str]:
    conditions = {"If-None-Match": request.etag, "If-Modified-Since": request.last_modified}
    return {
        "User-Agent": USER_AGENT,
        "Accept": request.accept,
        "Accept-Language": "en",
        "Accept-Encoding": "gzip, deflate",
        **{name: value for name, value in conditions.items() if value is not None},
        **request.secret_headers,
    }


def _body(request: Request, response: requests.Response, deadline: float) -> bytes:
    """The decoded body; urllib3 raises when it is shorter than announced."""
    address, raw = shown(request.url), response.raw
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in DECODED_ENCODINGS:
        raise FetchError(f"{address}: content encoding {encoding[:20]!r} was not asked for")
    if (raw.length_remaining or 0) > request.max_bytes:
        raise FetchError(f"{address}: {raw.length_remaining} bytes announced, {request.max_bytes} allowed")
    body = bytearray()
    # read1 returns what one packet brought, so that a dripping server cannot hold us in one read.
    while chunk := raw.read1(CHUNK_BYTES, decode_content=True):
        body += chunk
        if len(body) > request.max_bytes:
            raise FetchError(f"{address}: body larger than {request.max_bytes} bytes")
        if time.monotonic() > deadline:
            raise FetchError(f"{address}: body not complete in time, {len(body)} bytes came")
    return bytes(body)
