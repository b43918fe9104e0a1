"""Whether a connection to each place that alerts go to can be opened. Nothing is sent, and no address is told.

A token must not be taken for a host: looking up its name would hand it to whoever answers for names.
"""

import socket
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from requests.utils import get_environ_proxies

from pipelines.alerts.delivery import ADDRESSES, Target, targets_from_environment
from pipelines.alerts.send_message import service_of
from pipelines.doctor.finding import Finding

CONNECT_SECONDS = 2.0
FIXED = ("webhook_url", "notify_url")
"""Where apprise's services with one address for everybody name it."""
PORTS = {"http": 80, "https": 443}
MAIL_PORT = 587


def look_at_delivery(environ: Mapping[str, str]) -> Iterator[Finding]:
    """A finding per target, by its channel and digest, as in main.alert_delivery."""
    for target in targets_from_environment(environ):
        yield _look_at(target)


def _look_at(target: Target) -> Finding:
    name = f"{target.channel} {target.digest}"
    service = service_of(target.url)
    if service is None:
        return Finding(
            "delivery", name, "not understood", f"correct it in {ADDRESSES}, such as slack://... or json://..."
        )
    place = place_of(service)
    if place is None:
        return Finding("delivery", name, "understood; where it leads cannot be told beforehand, so it was not tried")
    try:
        with socket.create_connection(place, timeout=CONNECT_SECONDS):
            return Finding("delivery", name, "can be reached; nothing was sent")
    except OSError as error:
        said = type(error).__name__ if error.strerror is None else error.strerror
        return Finding("delivery", name, f"cannot be reached: {said}", f"look at the network, or at {ADDRESSES}")


def place_of(service: Any) -> tuple[str, int] | None:
    """Host and port that a sender of apprise connects to; those of the proxy where one is set; None if unknown."""
    mail_host = getattr(service, "smtp_host", None)
    if mail_host:
        return mail_host, service.port or MAIL_PORT
    url = _url(service)
    if url is None:
        return None
    proxy = get_environ_proxies(url).get(urlsplit(url).scheme)
    parts = urlsplit(proxy or url)
    return (parts.hostname, parts.port or PORTS.get(parts.scheme, 443)) if parts.hostname else None


def _url(service: Any) -> str | None:
    for name in FIXED:
        fixed = getattr(type(service), name, None)
        if isinstance(fixed, str) and fixed.startswith("https://") and "{" not in urlsplit(fixed).netloc:
            return fixed
    if getattr(service, "mode", None) == "cloud":
        cloud = getattr(type(service), "cloud_notify_url", None)
        return cloud if isinstance(cloud, str) else None
    if not service.host or not all("{host}" in template for template in service.templates):
        return None
    host = service.host
    scheme = "https" if service.secure else "http"
    port = service.port or PORTS[scheme]
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}/"
