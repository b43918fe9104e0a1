"""`costs hidden-cost` and `costs savings` on a checkout without logs, and on a ledger of one conversation."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from pipelines.cli.main import app

N09 = """
calls_per_day = 8
days_per_month = 1
user_tokens = 120
output_tokens = 250
system_tokens = 400
retrieved_tokens = 900
turns = 8
input_usd_per_mtok = 3
output_usd_per_mtok = 15
cache_read_usd_per_mtok = 0.30
"""


def costs(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["--warehouse", str(folder), *arguments])


def answered(folder: Path, *arguments: str) -> Any:
    result = costs(folder, *arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_the_conversation_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "n09.toml"
    file.write_text(N09)
    answer = answered(tmp_path, "hidden-cost", "--scenario", str(file))
    assert (answer["total_usd_per_month"], answer["naive_usd_per_month"], answer["ratio"]) == (
        "0.09516",
        "0.03288",
        "2.8942",
    )
    assert answer["conversation"]["input_tokens_by_turn"] == [1420, 1790, 2160, 2530, 2900, 3270, 3640, 4010]
    file.write_text(N09 + 'cache_prefix = "conversation"\n')
    cached = answered(tmp_path, "hidden-cost", "--scenario", str(file))
    assert cached["total_usd_per_month"] == "0.059628"
    assert cached["tokens_per_month"]["cache_read"] == 13_160


def test_the_bot_at_the_prices_of_a_day(tmp_path: Path) -> None:
    # 870 million tokens in at 2.50 and 90 million out at 10, and 5 % more
    answer = answered(tmp_path, "hidden-cost", "--scenario", "support-bot", "--model", "gpt-4o", "--date", "2026-10-01")
    assert answer["total_usd_per_month"] == "3228.75"
    assert {line["meter"] for line in answer["prices"]} >= {"input_uncached", "output"}
    assert all(line["price_id"] for line in answer["prices"])
    assert any(setting["source"] and setting["is_default"] for setting in answer["settings"])


@pytest.mark.parametrize("command", ["hidden-cost", "savings"])
def test_without_logs_and_scenario_the_answer_says_what_it_is(tmp_path: Path, command: str) -> None:
    answer = answered(tmp_path, command)
    assert answer["basis"] == "scenario"
    assert "no usage is logged" in answer["notes"][0]
    assert "support-bot" in costs(tmp_path, command).stdout


@pytest.mark.parametrize("command", ["hidden-cost", "savings"])
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--scenario", "bot.toml"), "neither a file nor a scenario that ships"),
        (("--since", "soon"), "--since soon: write days"),
        (("--date", "yesterday"), "--date yesterday: write a day such as"),
    ],
)
def test_a_question_that_makes_no_sense(tmp_path: Path, command: str, arguments: tuple[str, ...], said: str) -> None:
    result = costs(tmp_path, command, *arguments)
    assert result.exit_code == 2
    assert said in result.output
    assert len(result.output.strip().splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("hidden-cost", "--scenario", "rag-assistant", "--model", "gpt-77"),
        ("savings", "--scenario", "rag-assistant", "--model", "gpt-77"),
        ("what-if", "--scenario", "support-bot", "--to", "gpt-77"),
        ("budget-by-stage", "--model", "gpt-77", "--model", "gpt-5"),
        ("price", "gpt-77", "--input", "1"),
        ("prices", "gpt-77"),
    ],
)
def test_a_model_that_no_list_has_ends_every_command_by_1_and_is_named(tmp_path: Path, arguments: tuple[str, ...]):
    result = costs(tmp_path, *arguments)
    assert result.exit_code == 1
    assert "gpt-77" in result.stderr or "unknown_model" in result.stdout


def test_a_mistake_in_the_file_ends_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "bot.toml"
    file.write_text(N09 + "retry_share = 5\n")
    result = costs(tmp_path, "savings", "--scenario", str(file))
    assert result.exit_code == 2
    assert "bot.toml line 12: retry_share is 5" in result.output


def test_a_share_that_is_none(tmp_path: Path) -> None:
    for text in ("5", "half", "-1"):
        result = costs(tmp_path, "savings", "--batch-share", text)
        assert result.exit_code == 2
        assert f"--batch-share {text}: write a share from 0 to 1" in result.output


def test_shares_may_be_given_beside_a_scenario(tmp_path: Path) -> None:
    arguments = ("--scenario", "batch-extraction", "--date", "2026-10-01", "--batch-share", "0.5")
    rows = {row["lever"]: row for row in answered(tmp_path, "savings", *arguments)["savings"]}
    assert rows["batch"]["usd_per_month"] == "360.9375"


def test_prompts_on_both_sides_of_a_context_range_are_priced_turn_by_turn(tmp_path: Path) -> None:
    """Gemini 2.5 Pro has other prices from 200,001 tokens on: 150,000 in and 50,000 out, then 350,000 in.

    30 conversations a month of 0.15 * 1.25 + 0.05 * 10, and 0.35 * 2.5 + 0.05 * 15: 30 * (0.6875 + 1.625) = 69.375.
    """
    file = tmp_path / "long.toml"
    long = "calls_per_day = 2\nuser_tokens = 150_000\noutput_tokens = 50_000\nturns = 2\nmodel = 'gemini-2.5-pro'\n"
    file.write_text(long)
    asked = ("--scenario", str(file), "--date", "2026-10-01")
    hidden, savings = answered(tmp_path, "hidden-cost", *asked), answered(tmp_path, "savings", *asked)
    assert (hidden["total_usd_per_month"], savings["usd_per_month"]) == ("69.375", "69.375")
    assert [(one["first_turn"], one["last_turn"]) for one in hidden["prices_by_turn"]] == [(1, 1), (2, 2)]
    assert "turns 2 to 2, prompts of 350,000 to 350,000 tokens" in hidden["notes"][1]
    (row,) = answered(tmp_path, "what-if", *asked, "--to", "gemini-2.5-pro")["rows"]
    assert row["same_usd"] == "69.375"
    stages = answered(tmp_path, "budget-by-stage", *asked, "--model", "gemini-2.5-pro", "--calls", "2")
    assert stages["rows"][0]["usd_per_month_high"] == "69.375"


def test_savings_that_exclude_each_other(tmp_path: Path) -> None:
    answer = answered(tmp_path, "savings", "--scenario", "batch-extraction", "--date", "2026-10-01")
    rows = {row["lever"]: row for row in answer["savings"]}
    # 975 million in at 0.25 and 600 million out at 2.00: 1,443.75; half of it in batch, or in flex.
    assert answer["usd_per_month"] == "1443.75"
    assert rows["batch"]["usd_per_month"] == rows["flex"]["usd_per_month"] == "721.875"
    assert rows["flex"]["together_usd_per_month"] == "0"
    assert (rows["response_cache"]["usd_per_month"], rows["response_cache"]["together_usd_per_month"]) == (None, None)
    in_all = sum(float(row["together_usd_per_month"] or 0) for row in rows.values())
    assert in_all == pytest.approx(float(answer["saved_together_usd_per_month"]))
    assert all(rule["source"] and rule["source_on"] for rule in answer["rules"])
