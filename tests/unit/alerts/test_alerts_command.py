"""`costs alerts`: what people see, say and try."""

import json

import pytest
from typer.testing import CliRunner

from pipelines.cli.main import app
from tests.loopback import Loopback, Reply
from tests.unit.alerts.test_life import START, Team


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two sources fail, the budget is passed, and all is published."""
    made = tmp_path_factory.mktemp("alerts")
    with Loopback() as server:
        team = Team(made, server)
        team.run(START, [3, 4], budget="1000")
    team.warehouse.publish()
    return made


def costs(folder, *words):
    result = CliRunner().invoke(app, ["--warehouse", str(folder), "alerts", *words])
    return result.exit_code, result.output


def test_list_show_and_silence(folder):
    code, listed = costs(folder, "list", "--csv")
    lines = listed.splitlines()
    assert code == 0
    assert [line.split(",")[1] for line in lines[1:]] == ["critical", "warning", "warning"]
    identity = next(line for line in lines if "source_03" in line).split(",")[0]
    code, shown = costs(folder, "show", identity[:8])
    assert code == 0
    assert "source_03: failing" in shown
    assert "firing" in shown
    assert "delivered by json, message " in shown
    told = json.loads(costs(folder, "show", identity[:8], "--json")[1])
    assert (told["alert_id"], told["events"][0]["event"]) == (identity, "firing")
    assert "delivered" in {one["outcome"] for one in told["deliveries"]}
    code, said = costs(folder, "silence", identity[:8], "--until", "7d", "--why", "known", "--who", "ann")
    assert code == 0
    silence_id = said.split()[1]
    assert costs(folder, "silence", "--end", silence_id)[0] == 0
    assert costs(folder, "silence", "--end", silence_id)[0] == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["show", "zzz"], "no alerts begin with"),
        (["silence", "--why", "x", "--until", "7d"], "silence what?"),
        (["silence", "--of", "rule=nosuch", "--why", "x", "--until", "7d"], "is no rule; write one of"),
        (["silence", "--of", "colour=red", "--why", "x", "--until", "7d"], "write one of rule, provider"),
        (["silence", "--of", "model=x", "--until", "7d"], "say why"),
        (["silence", "--of", "model=x", "--why", "x", "--until", "soon"], "write 12h, 7d"),
        (["silence", "--of", "model=x", "--why", "x", "--until", "2020-01-01"], "is over"),
        (["test"], "COSTS_ALERT_URLS is not set"),
    ],
)
def test_wrong_use_is_one_line_that_says_what_to_write(folder, words, said, monkeypatch):
    monkeypatch.delenv("COSTS_ALERT_URLS", raising=False)
    code, output = costs(folder, *words)
    assert code == 2
    assert said in output


def test_a_trial_tells_which_address_takes_it(folder, monkeypatch):
    with Loopback() as server:
        server.script("/up", Reply(200))
        server.script("/down", Reply(500))
        url = server.url().replace("http://", "json://")
        monkeypatch.setenv("COSTS_ALERT_URLS", f"{url}up {url}down")
        code, output = costs(folder, "test")
    assert code == 1
    assert [line.split(": ", 1)[1] for line in output.splitlines()] == ["delivered", "failed: HTTP status 500"]
