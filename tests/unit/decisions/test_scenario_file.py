"""Scenario files: what ships reads, defaults carry evidence, and each mistake names file, line and remedy."""

from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.decisions.scenario import Scenario, keys
from pipelines.decisions.scenario_file import parse_scenario, read_scenario, ready_scenarios
from pipelines.models.user_csv import UserFileError

PATH = Path("bot.toml")
LEAST = "calls_per_day = 1000\nuser_tokens = 500\noutput_tokens = 300\n"


def _read(text: str) -> Scenario:
    return parse_scenario(PATH, text.encode())


def test_five_scenarios_ship_and_all_can_be_read() -> None:
    names = ready_scenarios()
    assert len(names) == 5
    assert "support-bot" in names
    assert all(read_scenario(name).model for name in names)


def test_the_support_bot_is_the_article_s() -> None:
    bot = read_scenario("support-bot")
    assert (bot.calls_per_day, bot.user_tokens, bot.output_tokens, bot.system_tokens) == (10_000, 200, 300, 500)
    assert (bot.retrieved_tokens, bot.turns, bot.retry_share) == (1200, 5, Decimal("0.05"))
    assert bot.stated_usd_per_mtok["input_uncached"] == 1
    assert bot.stated_usd_per_mtok["output"] == 3


def test_every_default_is_listed_with_source_and_date() -> None:
    settings = {one.name: one for one in _read(LEAST).settings}
    assert set(settings) == set(keys()) - {"name"}
    assert all(one.source and one.source_on for one in settings.values() if one.is_default)
    stated = settings["user_tokens"]
    assert (stated.value, stated.unit, stated.source, stated.is_default) == ("500", "tokens", "bot.toml line 2", False)
    assert settings["peak_over_mean"].value == "2.063"


def test_figures_are_exact() -> None:
    assert _read(LEAST + "retry_share = 0.1\n").retry_share == Decimal("0.1")


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (LEAST + "retires_share = 0.1\n", 4, "no key of a scenario; write retry_share"),
        (LEAST + "\n# a note\nzzz = 1\n", 6, "zzz is no key of a scenario; delete it; the keys are name, title"),
        (LEAST + "retry_share = 5\n", 4, "retry_share is 5; write a share from 0 to 1; 5 % is 0.05"),
        (LEAST + 'retry_share = "2.5 %"\n', 4, "without %: 0.025"),
        (LEAST + "retry_share = -0.1\n", 4, "from 0 to 1"),
        (LEAST + "retry_share = nan\n", 4, "finite"),
        (LEAST + "system_words = 400\n", 4, "in another unit; write system_tokens, in tokens"),
        (LEAST + "engineering_eur_per_year = 400\n", 4, "write engineering_usd_per_month, in USD per month"),
        (LEAST + "first_token_ms = 400\n", 4, "write first_token_seconds, in seconds"),
        (LEAST + "output_usd_per_1k = 0.01\n", 4, "write output_usd_per_mtok, in USD per million tokens"),
        (LEAST + "input_cents_per_mtok = 250\n", 4, "write input_usd_per_mtok, in USD per million tokens"),
        (LEAST + "retry_pct = 5\n", 4, "write retry_share, a share from 0 to 1"),
        (LEAST + 'model_retires_on = "2027-01-01"\n', 4, "write a day without quotes, such as 2027-07-15"),
        ("calls_per_month = 30000\n", 1, "write calls_per_day, in calls per day"),
        (LEAST + 'system_tokens = "500 tokens"\n', 4, "without quotes and unit, such as 500"),
        (LEAST + "system_tokens = 500.5\n", 4, "whole number from 0"),
        (LEAST + "system_tokens = -1\n", 4, "whole number from 0"),
        (LEAST + "system_tokens = true\n", 4, "system_tokens (tokens) is true; write a number"),
        (LEAST + "turns = 0\n", 4, "whole number from 1"),
        (LEAST + "days_per_month = 32\n", 4, "whole number from 1 to 31"),
        (LEAST + "peak_over_mean = 0.5\n", 4, "from 1 to"),
        ("calls_per_day = 0\n", 1, "write a number above 0"),
        (LEAST + 'stage = "series-b"\n', 4, "pre-launch, early, growth, scale"),
        (LEAST + "model = 4\n", 4, "in quotes"),
        (LEAST + 'alternatives = "gpt-4o"\n', 4, "write a list"),
        (LEAST + "keeps_retrieved = 1\n", 4, "true or false"),
        (LEAST + "fallback_share = 0.1\n", 4, "fallback_share needs fallback_model"),
        (LEAST + "input_usd_per_mtok = 1\n", 4, "needs output_usd_per_mtok"),
        (LEAST + 'cached_share = 0.3\ncache_prefix = "system"\n', 4, "say the same in two ways"),
        (LEAST + "failure_share = 1\n", 4, "write a share from 0 to less than 1"),
        (LEAST + "acceptance_share = 0\n", 4, "write a share above 0 to 1"),
        (LEAST + "retry_share = 0.1\nfailure_share = 0.1\n", 5, "say the same in two ways"),
        (LEAST + "cached_share = 0.8\ncache_write_share = 0.3\n", 5, "more than all tokens"),
        (LEAST + "cacheable_tokens = 501\n", 4, "the first prompt has 500"),
        (LEAST + "[tokens]\nsystem = 5\n", 4, "without sections"),
        (LEAST + "calls_per_day = 5\n", 4, "no TOML"),
        (LEAST + "model = gpt\n", 4, "no TOML"),
        (LEAST + 'alternatives = [\n  "a",\n  "b",\n]\nfoo_bar = 1\n', 8, "foo_bar"),
        ('title = """\na\ncalls_per_day = 3"""\n', 1, "write one line"),
    ],
)
def test_a_mistake_is_told_with_file_line_and_remedy(text: str, line: int, said: str) -> None:
    with pytest.raises(UserFileError) as told:
        _read(text)
    assert str(told.value).startswith(f"bot.toml line {line}: ")
    assert said in str(told.value)


def test_what_must_be_written_and_is_not() -> None:
    with pytest.raises(UserFileError, match=r"bot.toml: output_tokens is missing; write a line such as"):
        _read("calls_per_day = 1\nuser_tokens = 1\n")


def test_a_file_that_is_no_page_of_figures() -> None:
    with pytest.raises(UserFileError, match="more than 500 lines"):
        _read("\n" * 501)
    with pytest.raises(UserFileError, match="no TOML"):
        _read("a = " + "[" * 9000)


def test_no_utf8(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_bytes(b"title = '\xff'")
    with pytest.raises(UserFileError, match="not UTF-8"):
        read_scenario(str(file))


def test_a_name_that_is_neither_file_nor_scenario() -> None:
    with pytest.raises(UserFileError, match="did you mean support-bot"):
        read_scenario("suport-bot")
    with pytest.raises(UserFileError, match="those are batch-extraction, coding-agent"):
        read_scenario("quite-another-thing")


def test_every_key_is_documented() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "scenarios.md").read_text()
    assert [name for name in keys() if f"`{name}`" not in page] == []
