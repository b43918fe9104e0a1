"""An alert has a life: many consequences of one cause are one message, ends are told, silences and quiet hours hold."""

import json
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

import polars as pl
import pytest

from pipelines.alerts import deliver_alerts
from pipelines.alerts.deliver_alerts import deliver_due
from pipelines.alerts.raise_alerts import raise_alerts, tell_failed_run
from pipelines.alerts.send_message import Patience
from pipelines.alerts.silence_alerts import end_silence, silence_alerts
from pipelines.schema.columns import polars_schema
from pipelines.schema.costs import SourceHealth
from pipelines.schema.decisions import SpendForecast
from pipelines.schema.spend import BudgetStatus
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import append, read_table
from tests.loopback import Loopback, Reply
from tests.unit.alerts.test_raise_alerts import FORECAST, HEALTH

START = datetime(2026, 9, 20, 8)
DAY = timedelta(days=1)
TOLD = ("alert", "alert_event", "alert_message", "alert_notice")


class Team:
    """A warehouse, a webhook, and a run with what the sources and the budget are like."""

    def __init__(self, folder, server):
        self.warehouse, self.server = Warehouse(folder), server
        server.script("/hook", Reply(200))
        self.environ = {"COSTS_ALERT_URLS": server.url("/hook").replace("http://", "json://")}

    def run(self, now, failing=(), sources=10, budget="9999"):
        """Raise and deliver; returns the messages of this run as (title, body)."""
        rows = [self._health(number, now, number in failing) for number in range(sources)]
        with self.warehouse.write() as connection:
            for table in ("source_health", "spend_forecast", "budget_status"):
                connection.execute(f"DELETE FROM main.{table} WHERE as_of = $day", {"day": now.date()})  # noqa: S608
            append(connection, "main.source_health", pl.DataFrame(rows, schema=polars_schema(SourceHealth)))
            forecast = FORECAST | {"as_of": now.date()}
            append(connection, "main.spend_forecast", pl.DataFrame([forecast], schema=polars_schema(SpendForecast)))
            append(connection, "main.budget_status", self._budget(Decimal(budget), forecast))
        raise_alerts(self.warehouse, now.date(), now, self.environ, (), lambda job, steps: steps if failing else ())
        return self.deliver(now)

    def deliver(self, now):
        before = len(self.server.asked)
        deliver_due(self.warehouse, now, self.environ)
        posts = [json.loads(asked.body) for asked in self.server.asked[before:]]
        return [(message["title"], message["message"]) for message in posts]

    def stored(self, *tables):
        with self.warehouse.write() as connection:
            return [read_table(connection, f"main.{name}").rows() for name in tables]

    def events(self, event):
        with self.warehouse.write() as connection:
            return read_table(connection, "main.alert_event", "event = $event", event=event)

    @staticmethod
    def _budget(budget, forecast):
        """The month of all together against the forecast: 1500 projected, at least 1200."""
        month = {"first_on": forecast["month"], "last_on": forecast["last_on"], "period": "month", "budget_usd": budget}
        said = {name: forecast[name] for name in ("as_of", "spent_usd", "projected_usd", "low_usd")}
        status = "will_exceed" if said["projected_usd"] > budget else "within"
        told = {"scope": "all", "owner": "all", "source": "budgets.toml line 1", "is_lower_bound": False}
        told |= {"list_spent_usd": forecast["spent_usd"], "band_basis": "past errors", "formula_version": "budget-1"}
        return pl.DataFrame([month | said | told | {"status": status}], schema=polars_schema(BudgetStatus))

    def _health(self, number, now, is_failing):
        stands = {"status": "ok", "failing_since": None, "reason": None, "consecutive_failures": 0}
        stands |= {"last_success_at": now}
        if is_failing:
            stands = {"failing_since": START, "last_success_at": START - DAY, "reason": "https://a.example: Timeout"}
        return HEALTH | {"as_of": now.date(), "source": f"source_{number:02}"} | stands


@pytest.fixture
def team(tmp_path, monkeypatch):
    monkeypatch.setattr(deliver_alerts, "deliver", partial(deliver_alerts.deliver, patience=Patience(attempts=1)))
    with Loopback() as server:
        yield Team(tmp_path, server)


def test_without_a_network_one_message_tells_the_budget_first_and_one_cause(team):
    """Seventy-two sources fail; the run failed by them; the month is over budget."""
    everything = range(72)
    failures = "\n".join(f"source_{n:02} could not be fetched: Timeout" for n in everything)
    tell_failed_run(team.warehouse, "refresh_sources", {"load_token_price": failures}, START, {}, is_sent=False)
    ((title, body),) = team.run(START, everything, 72, budget="1000")
    assert title.startswith("1 critical, 1 warning: 2026-09: budget of 1,000.00 USD will be exceeded")
    first, second, *end = body.splitlines()
    assert first.startswith("[critical] 2026-09: budget")
    assert second.startswith("[warning] 72 of 72 sources fail at once")
    assert len(end) == 1
    assert team.events("inhibited").height == 73
    assert team.run(START + DAY, everything, 72, budget="1000") == []
    ((title, body),) = team.run(START + 2 * DAY, (), 72, budget="9999")
    assert title.startswith("2 resolved: ")
    assert "source_" not in body


def test_an_alert_ends_when_its_cause_does_and_begins_anew(team):
    assert [title for title, _ in team.run(START, [3])] == ["source_03: failing, last success 2026-09-19 08:00 UTC"]
    assert team.run(START, [3]) == []
    ((title, body),) = team.run(START + DAY)
    assert title == "resolved: source_03: failing, last success 2026-09-19 08:00 UTC"
    assert "it no longer holds" in body
    assert team.run(START + DAY) == []
    assert len(team.run(START + 2 * DAY, [3])) == 1


def test_a_past_day_run_again_changes_nothing(team):
    team.run(START, [3], budget="1000")
    team.run(START + DAY, [4])
    before = team.stored(*TOLD)
    for _ in range(2):
        assert raise_alerts(team.warehouse, START.date(), START + DAY, team.environ) == 0
    assert team.deliver(START + DAY) == []
    assert team.stored(*TOLD) == before


def test_what_cannot_be_judged_does_not_end(team):
    """A day without a verdict on sources and spend is no recovery."""
    team.run(START, [3], budget="1000")
    later = START + DAY
    raise_alerts(team.warehouse, later.date(), later, team.environ)
    assert team.deliver(later) == []
    assert team.events("resolved").is_empty()


def test_a_reminder_comes_after_days_and_escalation_is_no_end(team):
    team.run(START, budget="1300")
    ((title, _),) = team.run(START + DAY, budget="1000")
    assert title.startswith("2026-09: budget of 1,000.00 USD will be exceeded")
    assert team.events("superseded").height == 1
    told = [team.run(START + n * DAY, budget="1000") for n in range(2, 6)]
    assert [len(messages) for messages in told] == [0, 0, 1, 0]
    assert told[2][0][0].startswith("still: 2026-09: budget")


def test_a_silence_holds_until_its_end_and_is_kept_beside_the_database(team):
    matched = {"source": "source_03"}
    silence_alerts(team.warehouse, matched, "ann", START + 2 * DAY, "they work on it", START)
    assert team.run(START, [3]) == []
    assert team.events("silenced").height == 1
    assert [title[:9] for title, _ in team.run(START + DAY, [3, 4])] == ["source_04"]
    assert [title[:9] for title, _ in team.run(START + 2 * DAY, [3, 4])] == ["source_03"]
    assert any("raw.silence" in file.name for file in (team.warehouse.folder / "records").iterdir())
    silence_id = silence_alerts(team.warehouse, matched, "ann", START + 9 * DAY, "again", START + 2 * DAY)
    assert team.run(START + 3 * DAY, [4]) == []
    assert end_silence(team.warehouse, silence_id, "bob", START + 3 * DAY)
    assert not end_silence(team.warehouse, silence_id, "bob", START + 4 * DAY)
    assert [title[:20] for title, _ in team.run(START + 4 * DAY, [4])] == ["resolved: source_03:"]


def test_quiet_hours_keep_back_all_but_what_is_critical(team):
    (team.warehouse.folder / "alerts.toml").write_text("[quiet_hours]\nfrom = '22:00'\nto = '07:00'\n")
    night = datetime(2026, 9, 20, 23)
    assert [title[:15] for title, _ in team.run(night, [3], budget="1000")] == ["2026-09: budget"]
    assert [title[:9] for title, _ in team.deliver(night + timedelta(hours=8))] == ["source_03"]


def test_a_rule_that_is_off_and_the_owner_and_channel_of_another(team):
    text = "[rule.budget]\non = false\n[rule.source_failing]\nowner = 'ops'\nchannel = 'ops'\n"
    (team.warehouse.folder / "alerts.toml").write_text(text)
    team.server.script("/ops", Reply(200))
    team.environ["COSTS_ALERT_URLS"] += " ops=" + team.server.url("/ops").replace("http://", "json://")
    ((title, body),) = team.run(START, [3], budget="1000")
    assert title.startswith("source_03")
    assert "for ops" in body
    assert [asked.path for asked in team.server.asked] == ["/ops"]


def test_a_message_that_was_refused_is_sent_again_as_it_was(team):
    team.server.script("/hook", Reply(500), Reply(200))
    ((_, first),) = team.run(START, [3])
    assert team.deliver(START + timedelta(seconds=30)) == []
    ((_, second),) = team.deliver(START + timedelta(hours=1))
    assert first == second
    assert "message " in first
    assert "alert " in first


def test_hundreds_of_alerts_fit_a_message_that_counts_the_rest(team):
    ((title, body),) = team.run(START, range(80), 400)
    assert title.startswith("80 warning: source_")
    assert len(body.encode()) <= 1500
    shown = sum(line.startswith("[warning]") for line in body.splitlines())
    assert f"... and {80 - shown} warning more: costs alerts list" in body
    assert shown > 5


def test_a_clock_that_is_set_back_ends_and_begins_nothing(team):
    """As when a demo is replayed: the first day again, after the second is known."""
    team.run(START, [3], budget="1000")
    team.run(START + DAY, [4])
    before = team.stored(*TOLD)
    assert team.run(START, [3], budget="1000") == []
    assert team.stored(*TOLD) == before
