"""Alert identity, harmless text and figures as words."""

import unicodedata
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.alerts.message import alert, alert_id, one_line, percent_words, price_words, several_lines, usd_words
from pipelines.schema.alerts import MAX_BODY


def test_identity_depends_on_rule_and_every_part_of_the_scope():
    same = alert_id("price_changed", ["openai", "gpt-5-mini"])
    assert same == alert_id("price_changed", ["openai", "gpt-5-mini"])
    others = [("price_held", ["openai", "gpt-5-mini"]), ("price_changed", ["openaigpt", "-5-mini"])]
    assert same not in {alert_id(rule, scope) for rule, scope in others}


def test_identity_is_fixed_across_releases():
    # printf '["budget", "2026-11", "warning"]' | sha256sum | cut -c1-32
    assert alert_id("budget", ["2026-11", "warning"]) == "67d4634ff109293722394f93cb75f072"


@pytest.mark.parametrize(
    ("hostile", "harmless"),
    [
        ("gpt\r\nBcc: all@example.org", "gpt Bcc: all\uff20example[.]org"),
        ("a\x00b\x1b[31mc", "a b [31mc"),
        ("@everyone @here", "\uff20everyone \uff20here"),
        ("x@everyone", "x\uff20everyone"),
        ("<!channel> <@U123>", "\u2039!channel> \u2039\uff20U123>"),
        ("[log in](https://example.org)", "[log in] (https[:]//example[.]org)"),
        ("<img src=x onerror=1>", "\u2039img src=x onerror=1>"),
        ("right\u202eleft\u200b", "rightleft"),
        ("claude-3-5-sonnet@20240620", "claude-3-5-sonnet@20240620"),
        ("text-bison@001, claude-3@default", "text-bison@001, claude-3@default"),
        ("log in at evil.example.com/x now", "log in at evil.example[.]com/x now"),
        ("www.evil", "www[.]evil"),
        ("x.ai, z.ai/glm; EVIL.ORG", "x[.]ai, z[.]ai/glm; EVIL[.]ORG"),
        ("evil\u3002com", "evil[.]com"),
        ("user@host", "user\uff20host"),
        ("ftp://1.2.3.4/", "ftp[:]//1.2.3.4/"),
        ("[log in][1] and [1]: //evil", "[log in] [1] and [1] : //evil"),
        ("gpt-4.1 gemini-2.5-pro us.amazon.nova-2 1.50", "gpt-4.1 gemini-2.5-pro us.amazon.nova-2 1.50"),
        ("anthropic.claude-3-5-sonnet-20240620-v1:0", "anthropic.claude-3-5-sonnet-20240620-v1:0"),
        ("see core.usage_reject", "see core.usage_reject"),
    ],
)
def test_scraped_text_is_disarmed(hostile, harmless):
    assert one_line(hostile, 100) == harmless


@given(st.text(max_size=400), st.integers(min_value=5, max_value=60))
def test_any_text_becomes_one_bounded_line_without_markup(text, limit):
    line = one_line(text, limit)
    assert len(line.encode()) <= limit
    assert "<" not in line
    assert "@everyone" not in line
    assert "://" not in line
    assert "](" not in line
    assert not any(unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for char in line)


def test_mention_hidden_by_an_invisible_character_is_found():
    assert one_line("@\u200beveryone", 50) == "\uff20everyone"


@given(st.lists(st.text(max_size=400), max_size=60))
def test_body_is_bounded(lines):
    assert len(several_lines(lines).encode()) <= MAX_BODY


def test_body_counts_what_it_leaves_out():
    assert several_lines([f"line {n}" for n in range(25)]).splitlines()[-1] == "... and 5 more lines"


def test_figures_read_as_printed():
    assert price_words(Decimal("1.500000"), "mtok") == "1.50 USD/Mtok"
    assert price_words(Decimal("0.012500"), "mtok") == "0.0125 USD/Mtok"
    assert price_words(Decimal("10.000000"), "thousand_calls") == "10.00 USD per 1,000 calls"
    assert usd_words(Decimal("-1234.5"), signed=True) == "-1,234.50 USD"
    assert percent_words(Decimal(2), Decimal("1.5")) == " (-25 %)"
    assert percent_words(Decimal(1000), Decimal(1004)) == " (+0.4 %)"
    assert percent_words(Decimal(0), Decimal(1)) == ""


@pytest.mark.parametrize(
    ("link", "line", "shown"),
    [
        ("https://x.ai/pricing", "source: https://x.ai/pricing", "source: https://x.ai/pricing"),
        ("https://x.ai/pricing", "see https://evil.org", "see https[:]//evil[.]org"),
        ("https://x.ai/a?b=<c>", "source: https://x.ai/a?b=<c>", "source: https[:]//x[.]ai/a?b=\u2039c>"),
        ("http://user@evil.org", "source: http://user@evil.org", "source: http[:]//user\uff20evil[.]org"),
        (None, "source: https://x.ai/pricing", "source: https[:]//x[.]ai/pricing"),
    ],
)
def test_only_the_plain_address_of_the_page_that_we_read_stays_a_link(link, line, shown):
    assert alert("budget", ["a"], "info", "title", [line], link=link)["body"] == shown
