"""The body of an answer: whole, unpacked and within bounds, or an error. Status and retries: see `fetch`.

Content encodings besides gzip are not asked for, and refused.
"""

import gzip
import zlib
from io import BytesIO

import requests

from pipelines.sources.fetch_error import FetchError
from pipelines.sources.transient_errors import PassingError

CHUNK_BYTES = 64 * 1024
MAX_DISCARDED_BYTES = 64 * 1024
"""To read the body of an error up to this costs less than a new connection."""
GZIP = frozenset({"gzip", "x-gzip"})


def read_body(address: str, response: requests.Response, max_bytes: int) -> bytes:
    """The decoded body, at most `max_bytes` of it packed and unpacked. Raises FetchError for what is not whole.

    urllib3 raises when it is shorter than announced, and at the deadline.
    """
    raw = response.raw
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in GZIP | {"", "identity"}:
        raise FetchError(f"{address}: content encoding {encoding[:20]!r} was not asked for")
    if (raw.length_remaining or 0) > max_bytes:
        raise FetchError(f"{address}: {raw.length_remaining} bytes announced, {max_bytes} allowed")
    body = bytearray()
    # read1 returns what one packet brought, so that the limit is looked at often.
    while chunk := raw.read1(CHUNK_BYTES, decode_content=False):
        body += chunk
        if len(body) > max_bytes:
            raise FetchError(f"{address}: body larger than {max_bytes} bytes")
    return _unpacked(address, bytes(body), max_bytes) if encoding in GZIP else bytes(body)


def discard_body(response: requests.Response) -> None:
    """Forget a short body, so that its connection can be used again; a long or endless one takes it down."""
    length = response.raw.length_remaining
    if length is not None and length <= MAX_DISCARDED_BYTES:
        response.raw.drain_conn()


def _unpacked(address: str, packed: bytes, max_bytes: int) -> bytes:
    """A gzip body, whole by its own end mark and checksum; urllib3 does not ask for them, and takes half of one."""
    try:
        with gzip.GzipFile(fileobj=BytesIO(packed)) as file:
            body = file.read(max_bytes + 1)
    except EOFError:
        raise PassingError(f"{address}: the gzip body is cut short") from None
    except (gzip.BadGzipFile, zlib.error):
        raise PassingError(f"{address}: the gzip body is damaged") from None
    if len(body) > max_bytes:
        raise FetchError(f"{address}: body larger than {max_bytes} bytes")
    return body
