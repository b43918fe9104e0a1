"""What the doctor says of COSTS_ENGINE; of a server that answers, `test_price_on_server` tells."""

import socket
from contextlib import closing
from datetime import date

import pytest

from pipelines.costs.engine.engine_setting import ENGINE
from pipelines.doctor.settings import look_at_settings


def finding(folder, environ):
    (found,) = (one for one in look_at_settings(folder, environ, date(2026, 3, 21)) if one.name == ENGINE)
    return found


def test_without_it_nothing_is_to_do(tmp_path):
    assert finding(tmp_path, {}).is_ok


@pytest.mark.parametrize("text", ["spark://host:7077", "sc://127.0.0.1:{port}"])
def test_what_cannot_be_used_comes_with_a_remedy(tmp_path, text):
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    found = finding(tmp_path, {ENGINE: text.format(port=port)})
    assert found.found == "cannot be used"
    assert "unset" in (found.remedy or "")
