"""The login before the UI: deploy/nginx.conf in a real nginx, which is Debian's package of that name."""

import os
import re
import shutil
import socket
import ssl
import subprocess
import time
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import HTTPSHandler, Request, build_opener

import pytest
import trustme

from tests.loopback import Loopback, Reply

CONFIGURATION = Path(__file__).parents[2] / "deploy" / "nginx.conf"
LOGIN = "Basic " + b64encode(b"ann:right").decode()


@pytest.fixture(scope="module")
def ui() -> Iterator[Loopback]:
    """What stands behind the proxy."""
    with Loopback() as server:
        server.script("/", Reply(body=b"the UI"))
        server.script("/graphql", Reply(body=b"{}"))
        yield server


@pytest.fixture(scope="module")
def proxy(ui: Loopback, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, ssl.SSLContext]]:
    """The configuration as it is, but for ports, addresses and folders of the image: its port, and whom it trusts."""
    if (nginx := shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/bin")) is None:
        pytest.skip("there is no nginx on this machine: apt-get install nginx")
    folder = tmp_path_factory.mktemp("proxy")
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    certificate.cert_chain_pems[0].write_to_path(folder / "tls_certificate")
    certificate.private_key_pem.write_to_path(folder / "tls_key")
    hashed = subprocess.check_output(["openssl", "passwd", "-6", "right"], text=True).strip()
    (folder / "htpasswd").write_text(f"ann:{hashed}\n")
    (folder / "costs.duckdb").write_bytes(b"published")
    (folder / "build.duckdb").write_bytes(b"private")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    text = CONFIGURATION.read_text()
    ports = {"listen 8443": f"listen 127.0.0.1:{port}", "webserver:3000": f"127.0.0.1:{ui.server_port}"}
    folders = dict.fromkeys(("/run/secrets/", "/warehouse/", "/tmp/"), f"{folder}/")  # noqa: S108
    assert all(old in text for old in ports | folders)
    changed = re.sub("|".join(map(re.escape, ports | folders)), lambda found: (ports | folders)[found[0]], text)
    (folder / "nginx.conf").write_text(changed)
    # Only root may name a user: without one its workers would be nobody's, who may not read the folder.
    options = "daemon off; user root;" if os.geteuid() == 0 else "daemon off;"
    running = subprocess.Popen([nginx, "-c", folder / "nginx.conf", "-g", options], stderr=subprocess.PIPE)
    context = ssl.create_default_context()
    authority.configure_trust(context)
    try:
        _wait_for(port)
        yield port, context
    finally:
        running.terminate()
        running.communicate(timeout=30)


def test_nobody_comes_in_without_a_login(proxy: tuple[int, ssl.SSLContext], ui: Loopback) -> None:
    for path in ("/", "/graphql", "/files/costs.duckdb", "/files/report.html"):
        assert _status(proxy, path) == 401
        assert _status(proxy, path, Authorization="Basic " + b64encode(b"ann:wrong").decode()) == 401
    assert ui.asked == []
    assert _status(proxy, "/healthy") == 204


def test_who_is_known_sees_the_ui_and_the_password_ends_at_the_proxy(
    proxy: tuple[int, ssl.SSLContext], ui: Loopback
) -> None:
    assert _answer(proxy, "/", Authorization=LOGIN) == b"the UI"
    _answer(proxy, "/graphql", Authorization=LOGIN, Upgrade="websocket", Connection="Upgrade")
    plain, socket_opened = ui.asked
    assert "Authorization" not in plain.headers
    assert (socket_opened.headers["Upgrade"], socket_opened.headers["Connection"]) == ("websocket", "upgrade")


def test_of_the_warehouse_only_what_is_published_is_served(proxy: tuple[int, ssl.SSLContext], ui: Loopback) -> None:
    assert _answer(proxy, "/files/costs.duckdb", Authorization=LOGIN) == b"published"
    for path in (
        "/files/build.duckdb",
        "/files/../build.duckdb",
        "/files/%2e%2e/htpasswd",
        "/files/costs.duckdb/../tls_key",
    ):
        assert _status(proxy, f"/files/{path}", Authorization=LOGIN) == 404
    before = len(ui.asked)
    assert _status(proxy, "/files/build.duckdb", Authorization=LOGIN) == 404
    assert len(ui.asked) == before, "the UI has a page for every path"


def test_without_tls_nothing_is_said(proxy: tuple[int, ssl.SSLContext]) -> None:
    with socket.create_connection(("127.0.0.1", proxy[0])) as plain:
        plain.sendall(f"GET / HTTP/1.0\r\nAuthorization: {LOGIN}\r\n\r\n".encode())
        assert b"400 Bad Request" in plain.recv(4096)


def _answer(proxy: tuple[int, ssl.SSLContext], path: str, **headers: str) -> bytes:
    port, context = proxy
    request = Request(f"https://127.0.0.1:{port}{path}", headers=headers)
    with build_opener(HTTPSHandler(context=context)).open(request, timeout=30) as answer:
        return bytes(answer.read())


def _status(proxy: tuple[int, ssl.SSLContext], path: str, **headers: str) -> int:
    try:
        _answer(proxy, path, **headers)
    except HTTPError as error:
        return error.code
    return 204


def _wait_for(port: int) -> None:
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("nginx did not start")
