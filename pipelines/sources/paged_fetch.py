"""A paged list over HTTP as one body, a JSON array of its pages. Requests are those of `fetch`; nothing is parsed here.

A list is whole or it is an error: a page that fails, that cannot be read or that leads elsewhere fails all of it.
"""

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urljoin

from pipelines.sources.deadline import Deadline
from pipelines.sources.fetch import Answer, Fetcher, Request
from pipelines.sources.fetch_error import FetchError
from pipelines.sources.robots import authority, checked, shown

NextPage = Callable[[bytes], str | None]
"""The address of the page after this one, None after the last. Raises ValueError for a body that is no page."""
MAX_PAGES = 100


def fetch_pages(fetcher: Fetcher, request: Request, next_page: NextPage, deadline: Deadline | None = None) -> Answer:
    """All pages from `request.url` on; `max_bytes` and the deadline bound them together. Raises FetchError.

    Never conditional: that the first page is unchanged says nothing about the others.
    """
    deadline = deadline or fetcher.deadline()
    pages: list[bytes] = []
    asked: list[str] = []
    url: str | None = request.url
    while url is not None:
        if url in asked or len(asked) == MAX_PAGES:
            reason = "the pages lead in a circle" if url in asked else f"more than {MAX_PAGES} pages"
            raise FetchError(f"{shown(url)}: {reason}")
        asked.append(url)
        left = request.max_bytes - sum(len(page) for page in pages)
        page = replace(request, url=url, max_bytes=left, etag=None, last_modified=None)
        answer = fetcher.fetch(page, deadline)
        pages.append(answer.body or b"")
        url = _following(url, pages[-1], next_page)
    return replace(answer, url=request.url, body=b"[" + b",".join(pages) + b"]", etag=None, last_modified=None)


def _following(url: str, page: bytes, next_page: NextPage) -> str | None:
    """The next address, on the same host and by the same scheme."""
    try:
        link = next_page(page)
        target = None if link is None else urljoin(url, link)
    except (ValueError, RecursionError):
        raise FetchError(f"{shown(url)}: not a page of the list") from None
    if target is None:
        return None
    here, there = checked(url), checked(target)
    if (here.scheme, authority(here)) != (there.scheme, authority(there)):
        raise FetchError(f"{shown(url)}: the next page is on a foreign host {shown(target)}")
    return there.url
