"""COSTS_ENGINE: what is an address, and what a mistake says."""

import pytest

from pipelines.costs.engine import engine_setting
from pipelines.costs.engine.engine_setting import ENGINE, EngineError, server_address, shown_address


@pytest.mark.parametrize("environ", [{}, {ENGINE: ""}, {ENGINE: "  "}])
def test_without_it_this_process_prices(environ):
    assert server_address(environ) is None


@pytest.mark.parametrize(
    "address",
    [
        "sc://127.0.0.1:50051",
        "sc://spark-connect.data.svc:15002",
        "sc://[::1]:50051",
        "sc://host:443/;use_ssl=true;token=abc",
    ],
)
def test_an_address_is_taken_as_it_is(address):
    assert server_address({ENGINE: f" {address} "}) == address


@pytest.mark.parametrize(
    "text",
    [
        *("spark", "local", "sc://host", "sc://:50051", "sc://host:0", "sc://host:65536", "http://host:50051"),
        *("sc://host:50051 sc://other:50051", "spark://host:7077", "sc://host:50051/path", "host:50051"),
    ],
)
def test_anything_else_names_the_setting_and_the_remedy(text):
    with pytest.raises(EngineError, match=rf"^{ENGINE} is no address of a Spark Connect server: .* or unset it"):
        server_address({ENGINE: text})


def test_no_token_is_told():
    with pytest.raises(EngineError) as raised:
        server_address({ENGINE: "sc://host/;token=secret"})
    assert "secret" not in str(raised.value)
    assert shown_address("sc://host:443/;use_ssl=true;token=secret") == "sc://host:443"


def test_without_the_extra_it_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(engine_setting, "find_spec", lambda name: None)
    with pytest.raises(EngineError, match=r"pip install '\.\[cluster\]'.* or unset COSTS_ENGINE"):
        server_address({ENGINE: "sc://127.0.0.1:50051"})
