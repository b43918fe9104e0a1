"""alerts.toml: what it may say, and that each mistake names line and remedy while the last good state holds."""

from datetime import datetime, time
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.alerts.describe_rules import rules_table
from pipelines.alerts.rule_catalog import RULES
from pipelines.alerts.rule_file import keep_alert_settings, parse_alert_settings
from pipelines.models.user_csv import UserFileError
from pipelines.schema.alerts import RULES as NAMES

GOOD = """
digest_at = "07:30"
timezone = "Europe/Berlin"
[quiet_hours]
from = "22:00"
to = "07:00"
[owner.platform]
channel = "ops"
[rule.projection_moved]
min_shift = "25 %"
min_usd = "10.50 USD"
severity = "critical"
[rule.retirement_near]
thresholds = ["30 days", "7 days"]
class = "digest"
[rule.model_new]
on = false
"""


def parsed(tmp_path, text):
    return parse_alert_settings(tmp_path / "alerts.toml", text.encode())


def test_a_whole_file(tmp_path):
    """06:00 UTC is 08:00 in Berlin in summer, so the digest of 07:30 was due at 05:30 UTC."""
    found = parsed(tmp_path, GOOD)
    assert found.rule("projection_moved").thresholds == {"min_shift": Decimal("0.25"), "min_usd": Decimal("10.50")}
    assert found.rule("projection_moved").severity == "critical"
    assert found.rule("retirement_near").thresholds == {"thresholds": (7, 30)}
    assert not found.rule("model_new").is_on
    assert found.channels == {"platform": "ops"}
    assert found.last_digest_before(datetime(2026, 7, 1, 6)) == datetime(2026, 7, 1, 5, 30)
    assert [found.is_quiet(datetime(2026, 7, 1, hour)) for hour in (4, 5, 19, 20)] == [True, False, False, True]


@pytest.mark.parametrize(
    ("text", "line", "remedy"),
    [
        ("[rule.budgets]\n", 1, "write one of price_changed"),
        ("[rule.budget]\nseverty = 'info'\n", 2, "write one of on, severity"),
        ("\n[rule.budget]\nseverity = 'high'\n", 3, 'write severity = "critical"'),
        ("[rule.projection_moved]\nmin_shift = 10\n", 2, 'write min_shift = "10 %"'),
        ("[rule.projection_moved]\nmin_shift = '10 USD'\n", 2, 'write min_shift = "10 %"'),
        ("[rule.projection_moved]\nmin_usd = '10 EUR'\n", 2, 'write min_usd = "1 USD"'),
        ("[rule.retirement_near]\nthresholds = '30 days'\n", 2, '["90 days", "30 days"]'),
        ("[rule.gpu_rate_beyond]\nabove = '3 USD'\n", 2, '{ H100 = "3.50 USD" }'),
        ("[rule.gpu_rate_beyond]\nbelow = { H100 = '3 EUR' }\n", 2, '{ H100 = "3.50 USD" }'),
        ("[rule.budget]\nremind_after = '0 days'\n", 2, 'write "3 days", or "never"'),
        ("[rule.budget]\nchannel = 'slack://secret'\n", 2, "an address is a secret"),
        ("digest_at = '25:00'\n", 1, 'write digest_at = "06:00"'),
        ("timezone = 'Berlin'\n", 1, "Europe/Berlin"),
        ("[quiet_hours]\nfrom = '22:00'\n", 1, 'write from = "22:00" and to = "07:00"'),
        ("quiet_hours = 3\n", 1, "[quiet_hours]"),
        ("rule = 3\n", 1, "[rule.budget]"),
        ("[rule.budget\n", 1, "severity"),
        ("a = 1\na = 2\n", 2, "write lines such as"),
    ],
)
def test_a_mistake_names_line_and_remedy(tmp_path, text, line, remedy):
    with pytest.raises(UserFileError) as told:
        parsed(tmp_path, text)
    assert f"alerts.toml line {line}: " in str(told.value)
    assert remedy in str(told.value)
    assert "slack://secret" not in str(told.value)


def test_the_last_good_state_stays_in_force(tmp_path):
    file = tmp_path / "alerts.toml"
    file.write_text(GOOD)
    assert keep_alert_settings(tmp_path).problem is None
    file.write_text(GOOD + "[rule.nosuch]\n")
    found = keep_alert_settings(tmp_path)
    assert found.rows.digest_at == time(7, 30)
    assert "line 18" in found.problem.text
    assert "its last good state stays in force" in found.problem.text


def test_every_rule_is_in_the_catalog_with_a_docstring():
    assert sorted(rule.name for rule in RULES) == sorted(NAMES)
    assert all(rule.function.__doc__ for rule in RULES)


def test_the_page_on_alerts_lists_every_rule_as_it_is():
    page = (Path(__file__).parents[3] / "docs" / "alerts.md").read_text()
    assert rules_table() in page


def test_the_example_of_the_page_is_understood(tmp_path):
    page = (Path(__file__).parents[3] / "docs" / "alerts.md").read_text()
    example = page.split("```toml\n")[1].split("```")[0]
    assert parsed(tmp_path, example).rule("projection_moved").thresholds == {"min_shift": Decimal("0.20")}
    assert parsed(tmp_path, example).rule("gpu_rate_beyond").thresholds == {"above": {"H100": Decimal("3.50")}}
