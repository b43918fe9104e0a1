"""`costs what-if`, `claims`, `budget-by-stage` and `exposure` on a checkout without logs, and what they refuse."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from pipelines.cli.main import app


def costs(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["--warehouse", str(folder), *arguments])


def answered(folder: Path, *arguments: str) -> Any:
    result = costs(folder, *arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_what_if_without_logs_says_what_it_answers_from(tmp_path: Path) -> None:
    answer = answered(tmp_path, "what-if", "--from", "gpt-4o", "--to", "claude-haiku-4-5", "--date", "2026-10-01")
    assert "no usage of gpt-4o is logged" in answer["notes"][0]
    (row,) = answer["rows"]
    # 913.5 million in and 94.5 million out: at 2.50 and 10, and at 1 and 5.
    assert (row["same_usd"], row["low_usd"], row["change_low_usd"]) == ("3228.75", "1386", "-1842.75")
    assert "support-bot" in costs(tmp_path, "what-if", "--to", "gpt-4o-mini").stdout


def test_what_if_with_ranges(tmp_path: Path) -> None:
    arguments = ("--scenario", "support-bot", "--to", "claude-haiku-4-5", "--date", "2026-10-01")
    answer = answered(tmp_path, "what-if", *arguments, "--tokenizer", "1..1.2", "--output-length", "0.5..1")
    (row,) = answer["rows"]
    # 913.5 + 94.5 * 0.5 * 5 = 1,149.75, and 1.2 * 1,386
    assert (row["low_usd"], row["high_usd"]) == ("1149.75", "1663.2")
    assert answer["factors"] == {"tokenizer": ["1", "1.2"], "output_length": ["0.5", "1"]}


def test_what_if_at_a_model_without_a_price_is_unknown(tmp_path: Path) -> None:
    asked = costs(tmp_path, "what-if", "--scenario", "support-bot", "--to", "gpt-77", "--json")
    assert asked.exit_code == 1
    (row,) = json.loads(asked.stdout)["rows"]
    assert (row["low_usd"], row["unknown"][0]["reason"]) == (None, "unknown_model")
    shown = costs(tmp_path, "what-if", "--scenario", "support-bot", "--to", "gpt-77").stdout
    assert "unknown: gpt-77" in shown


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("what-if", "--to", "gpt-4o", "--tokenizer", "2..1"), "--tokenizer 2..1: write a factor above 0"),
        (("what-if", "--to", "gpt-4o", "--output-length", "0"), "--output-length 0: write a factor above 0"),
        (("what-if", "--to", "gpt-4o", "--where", "color=red"), "--where color=red: write COLUMN=VALUE"),
        (("what-if", "--to", "gpt-4o", "--tier", "slow"), "--tier slow: write one of standard"),
        (("what-if", "--to", "gpt-4o", "--channel", "shop"), "--channel shop: write one of api"),
        (("what-if", "--to", "gpt-4o", "--scenario", "none.toml"), "neither a file nor a scenario that ships"),
        (("what-if", "--to", "gpt-4o", "--scenario", "support-bot", "--where", "feature=x"), "--where is about logs"),
        (("what-if", "--to", "gpt-4o", "--scenario", "support-bot", "--since", "7d"), "--since is about logs"),
        (
            ("hidden-cost", "--scenario", "support-bot", "--by", "team"),
            "--by is about logs; leave it out",
        ),
        (("hidden-cost", "--scenario", "support-bot", "--since", "7d", "--by", "x"), "--since and --by are about logs"),
        (("hidden-cost", "--model", "gpt-4o", "--since", "7d"), "--since is about logs; leave it out, or --model"),
        (("savings", "--scenario", "support-bot", "--since", "7d"), "--since is about logs"),
        (("savings", "--trace", "t.jsonl", "--since", "7d"), "--since is about logs; leave it out, or --trace"),
        (("break-even", "--scenario", "support-bot", "--since", "7d"), "--since is about logs"),
        (("exposure", "--scenario", "support-bot", "--since", "7d"), "--since is about logs"),
        (("budget-by-stage", "--scenario", "support-bot", "--since", "7d"), "--since is about logs"),
        (("break-even", "--scenario", "support-bot", "--date", "9999-12-31"), "--date 9999-12-31: write a day before"),
        (("break-even", "--date", "0001-01-01"), "--date 0001-01-01: write a day before 3000 and from 2000 on"),
        (("hidden-cost", "--date", "0001-01-01"), "from 2000 on"),
        (("what-if", "--to", "gpt-4o", "--until", "soon"), "--until soon: write a day"),
        (("exposure", "--since", "2m"), "--since 2m: write days or weeks"),
        (("savings", "--since", "9999w"), "--since 9999w: write days or weeks"),
        (("cost", "--since", "30d", "--to", "0001-01-01"), "write a day of 2000"),
        (("report", "--from", "0001-01-01"), "write a day of 2000"),
        (("prices", "gpt-5", "--at", "9999-12-31T23:59:59-10:00"), "write a time of 2000"),
        (("prices", "gpt-5", "--channel", "shop"), "--channel shop: expected one of api"),
        (("hidden-cost", "--scenario", ""), "--scenario is empty"),
        (("savings", "--smaller-model="), "--smaller-model is empty"),
        (("hidden-cost", "--scenario", "suport-bot"), "did you mean support-bot?"),
        (("alerts", "list", "--rule", "budgt"), "did you mean budget?"),
        (("import", "x", "--format", "codx"), "did you mean codex"),
        (("sources", "accept", "litelm"), "did you mean litellm"),
        (("claims", "S9-99"), "S9-99 is no claim; they are S0-01 to S2-36"),
        (("claims", "--verdict", "true"), "--verdict true: write one of holds"),
        (("claims", "--date", "soon"), "--date soon: write a day"),
        (("budget-by-stage", "--calls", "many"), "--calls many: write calls a day"),
        (("budget-by-stage", "--tier", "slow"), "--tier slow: write one of standard"),
        (("exposure", "--since", "soon"), "--since soon: write days"),
    ],
)
def test_a_question_that_makes_no_sense(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    result = costs(tmp_path, *arguments)
    assert result.exit_code == 2
    assert said in result.output
    assert len(result.output.strip().splitlines()) == 1


def test_claims_in_a_table_and_one_by_one(tmp_path: Path) -> None:
    answer = answered(tmp_path, "claims", "--date", "2026-10-01")
    assert len(answer["claims"]) == 75
    wrong = answered(tmp_path, "claims", "--verdict", "wrong", "--date", "2026-10-01")
    assert len(wrong["claims"]) == answer["verdicts"]["wrong"] == 24
    shown = costs(tmp_path, "claims", "s2-27", "--date", "2026-10-01").stdout
    assert "2,441.25 to 3,228.75" in shown
    assert "gpt4o_out" in shown
    assert "on 2020-01-01: unknown" in costs(tmp_path, "claims", "S0-03", "--date", "2020-01-01").stdout
    assert "26 holds" in costs(tmp_path, "claims").stdout


def test_budget_by_stage_in_a_table(tmp_path: Path) -> None:
    shown = costs(tmp_path, "budget-by-stage", "--model", "gpt-4o-mini", "--date", "2025-08-01").stdout
    assert "382.50 to 630.00" in shown
    assert "150 to 2,500 USD" in shown


def test_budget_by_stage_takes_the_tier_of_the_scenario(tmp_path: Path) -> None:
    """30,000 calls of 1,000 in and 100 out: half of 0.25 and 2 per million is 3.75 + 3."""
    file = tmp_path / "slow.toml"
    file.write_text(
        'calls_per_day = 1000\nuser_tokens = 1000\noutput_tokens = 100\nmodel = "gpt-5-mini"\nservice_tier = "batch"\n'
    )
    asked = ("budget-by-stage", "--scenario", str(file), "--calls", "1000", "--date", "2026-11-29", "--json")
    answer = json.loads(costs(tmp_path, *asked, "--model", "gpt-5-mini").stdout)
    assert [row["usd_per_month_high"] for row in answer["rows"]] == ["6.75"]
    assert "prices of tier batch" in answer["notes"]


def test_a_mistake_in_the_task_classes_is_told_beside_the_proposal(tmp_path: Path) -> None:
    (tmp_path / "task_classes.csv").write_text("task_class,kind,id\nsmall,bogus,y\n")
    told = answered(tmp_path, "what-if", "--scenario", "support-bot", "--date", "2026-11-29")
    (note,) = (one for one in told["notes"] if "as two articles propose it" in one)
    assert "task_classes.csv line 2" in note


def test_a_mistake_in_a_file_without_a_good_state_says_that_what_ships_counts(tmp_path: Path) -> None:
    (tmp_path / "throughput.csv").write_text("x,y\n1,2\n")
    told = answered(tmp_path, "break-even", "--scenario", "support-bot", "--date", "2026-11-29")
    (note,) = (one for one in told["notes"] if "throughput.csv" in one)
    assert note.endswith("Until then what ships is in force")


def test_exposure_says_what_is_not_in_the_data(tmp_path: Path) -> None:
    shown = costs(tmp_path, "exposure", "--scenario", "rag-assistant").stdout
    for name in ("vendor lock in", "rate limits", "deprecation", "unpredictable cost", "data exposure"):
        assert name in shown
    assert "not in your data" in shown


@pytest.mark.parametrize(
    "arguments",
    [
        ("what-if", "--to", "gpt5"),
        ("what-if", "--from", "gpt5", "--to", "gpt-4o"),
        ("savings", "--smaller-model", "gpt5", "--smaller-share", "0.5"),
        ("budget-by-stage", "--model", "gpt5"),
        ("prices", "gpt5"),
        ("prices", "GPT-5"),
    ],
)
def test_a_model_that_no_list_has_ends_in_1_and_names_its_like(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    result = costs(tmp_path, *arguments)
    assert result.exit_code == 1
    assert "did you mean gpt-5" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--at", "2019-01-01"), "gpt-5 at 2019-01-01 00:00:00: the next price is of 2025-08-07"),
        (("--provider", "opnai"), "gpt-5 from opnai global; it is listed by openai api global"),
    ],
)
def test_of_a_model_without_that_price_it_is_told_when_or_who_has_one(tmp_path, arguments, said) -> None:
    result = costs(tmp_path, "prices", "gpt-5", *arguments)
    assert result.exit_code == 1
    assert said in result.stderr


def test_a_day_to_come_is_said_beside_the_answer(tmp_path: Path) -> None:
    result = costs(tmp_path, "budget-by-stage", "--date", "2999-12-31", "--csv")
    assert result.exit_code == 0
    assert "--date 2999-12-31 lies in the future" in result.stderr
    assert result.stdout.startswith("calls_per_day,")


def test_rows_for_a_program_come_with_their_notes_apart(tmp_path: Path) -> None:
    result = costs(tmp_path, "hidden-cost", "--by", "team", "--csv", "--limit", "1")
    assert len(result.stdout.splitlines()) == 2
    assert "note: --by team is left out: a scenario has no owners" in result.stderr
    assert "answered from scenario support-bot, which ships" in result.stderr


def test_weeks_are_days(tmp_path: Path) -> None:
    assert "in the 14 days before" in costs(tmp_path, "exposure", "--since", "2w").stdout


@pytest.mark.parametrize("command", ["hidden-cost", "savings", "exposure"])
def test_a_model_that_had_no_price_then_ends_in_1_as_it_is_no_wrong_use(tmp_path: Path, command: str) -> None:
    result = costs(tmp_path, command, "--scenario", "coding-agent", "--date", "2019-01-01")
    assert result.exit_code == 1
    assert "claude-sonnet-4-5, standard, on 2019-01-01: before_first_price" in result.stderr
