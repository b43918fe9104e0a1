"""`costs break-even` on a checkout without a run or a log, and the table of a warehouse without usage."""

import json
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.cli.main import app
from pipelines.decisions.decide import break_even_on, decide_days
from pipelines.decisions.self_hosting.figures import shipped_figures
from pipelines.decisions.self_hosting.options import owned as owned_machines
from pipelines.decisions.self_hosting.ownership import monthly_cost
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import read_table

BOT = """
calls_per_day = 100_000
user_tokens = 1000
output_tokens = 1000
model = "gpt-4o"
peak_over_mean = 1.5
engineering_usd_per_month = 0
open_model = "GPT-OSS-120B"
"""


def _asked(folder: Path, *options: str) -> dict[str, object]:
    result = CliRunner().invoke(app, ["--warehouse", str(folder), "break-even", *options, "--json"])
    assert result.exit_code == 0, result.output
    found: dict[str, object] = json.loads(result.output)
    return found


def _rented(answer: dict[str, object], provider: str) -> dict[str, object]:
    answers = answer["answers"]
    assert isinstance(answers, list)
    return next(row for row in answers if (row["way"], row["gpu_provider"]) == ("rented", provider))


def test_a_scenario_is_answered_from_what_ships_and_the_rate_of_the_day_moves_it(tmp_path: Path) -> None:
    """gpt-4o at 2.50 and 10.00 is 6.25 USD per Mtok of this mix. 2 H100 of Nebius cost 5,621.00 a month until
    2026-09-30 and 6,570.00 from then on: 899.36 and 1,051.20 Mtok.
    """
    (tmp_path / "bot.toml").write_text(BOT)
    scenario = ("--scenario", str(tmp_path / "bot.toml"))
    before = _rented(_asked(tmp_path / "none", *scenario, "--date", "2026-09-30"), "nebius")
    after = _rented(_asked(tmp_path / "none", *scenario, "--date", "2026-10-01"), "nebius")
    assert (before["usd_per_gpu_hour"], after["usd_per_gpu_hour"]) == ("3.85", "4.5")
    assert (before["break_even_tokens_per_month"], after["break_even_tokens_per_month"]) == (899_360_000, 1_051_200_000)
    assert after["price_ids"] == before["price_ids"]
    assert after["rate_id"] != before["rate_id"]
    assert "rate_last_seen" in str(after["flags"])
    assert "engineering_assumed" not in str(after["flags"])


def test_without_logs_and_without_a_scenario_the_shipped_one_answers_and_says_so(tmp_path: Path) -> None:
    answer = _asked(tmp_path, "--date", "2026-10-10")
    assert answer["scenario"] == "support-bot"
    assert "no usage is logged in the 30 days before 2026-10-10" in str(answer["notes"])


def test_a_model_without_a_measurement_is_unknown_with_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "bot.toml").write_text(BOT.replace("GPT-OSS-120B", "Nobody-70B"))
    answers = _asked(tmp_path, "--scenario", str(tmp_path / "bot.toml"))["answers"]
    assert isinstance(answers, list)
    assert answers[0]["verdict"] == "unknown"
    assert "no measured throughput of Nobody-70B; add a line to throughput.csv" in answers[0]["answer"]


def test_a_measurement_of_ones_own_answers(tmp_path: Path) -> None:
    """3,000 tokens/s on one H100 at 1,000/1,000: a replica costs half of what two cards do."""
    (tmp_path / "bot.toml").write_text(BOT.replace("GPT-OSS-120B", "Nobody-70B"))
    (tmp_path / "throughput.csv").write_text(
        "throughput_id,model,gpu,variant,precision,engine,parallelism,gpus_per_replica,input_tokens,output_tokens,load,"
        "concurrency,out_tok_s_per_gpu,in_tok_s_per_gpu,ttft_s,tok_s_per_user,measured_on,source,tier\n"
        "mine,Nobody-70B,H100,SXM,fp8,vLLM,TP1,1,1000,1000,concurrent,64,3000,,0.5,40,2026-11-01,own run,solid\n"
    )
    row = _rented(_asked(tmp_path, "--scenario", str(tmp_path / "bot.toml"), "--date", "2026-10-01"), "nebius")
    assert (row["throughput_id"], row["throughput_basis"]) == ("mine", "measured")
    assert row["break_even_tokens_per_month"] == 525_600_000


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--date", "yesterday"), "--date yesterday: write a day"),
        (("--since", "0d"), "--since 0d: write days"),
        (("--scenario", "no-such"), "no-such is neither a file nor a scenario that ships"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, options: tuple[str, str], told: str) -> None:
    result = CliRunner().invoke(app, ["--warehouse", str(tmp_path), "break-even", *options])
    assert result.exit_code == 2
    assert told in result.stderr


def test_a_mistake_in_a_file_of_the_users_own_is_told(tmp_path: Path) -> None:
    (tmp_path / "stand_ins.csv").write_text("api_model,open_model,acceptance_share\ngpt-4o,Qwen3-32B,95\n")
    answer = _asked(tmp_path, "--date", "2026-10-10")
    assert "stand_ins.csv line 2: acceptance_share '95'" in str(answer["notes"])
    answers = answer["answers"]
    assert isinstance(answers, list)
    assert all("user_file_wrong" in row["flags"] for row in answers if row["flags"])


def test_people_read_the_same(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["--warehouse", str(tmp_path), "break-even", "--scenario", "rag-assistant"])
    assert result.exit_code == 0
    for words in ("USD a month by volume", "managed", "peak over mean 1.83 to 3.3", "throughput id:", "mind:"):
        assert words in result.stdout


def test_a_warehouse_without_usage_answers_from_the_shipped_scenario(tmp_path: Path) -> None:
    """Its prices are stated in the scenario, so that even an empty warehouse knows them; no rate is listed in it."""
    warehouse, day = Warehouse(tmp_path), date(2026, 10, 10)
    rows = decide_days(warehouse, break_even_on, [day])
    assert rows["main.break_even"] > 0
    assert rows["main.break_even_curve"] > 0
    with warehouse.write() as connection:
        rows = read_table(connection, "main.break_even")
    assert set(rows["mix_basis"]) == {"scenario"}
    assert set(rows["way"]) == {"managed", "dedicated", "owned"}
    assert set(rows["usd_per_mtok"]) == {Decimal("1.187500")}


def test_a_recorded_load_answers_as_if_all_month_were_like_it(tmp_path: Path) -> None:
    """60 calls of 2,000 and 500 tokens, one a minute; a month is 2,592,000 / 3,541 of it."""
    lines = ["TIMESTAMP,ContextTokens,GeneratedTokens"]
    lines += [f"2023-11-16 18:{minute:02}:00.0000000,2000,500" for minute in range(60)]
    (tmp_path / "load.csv").write_text("\n".join(lines) + "\n")
    trace = ("--trace", str(tmp_path / "load.csv"))
    row = _rented(_asked(tmp_path / "none", *trace, "--model", "gpt-4o", "--date", "2026-10-10"), "nebius")
    assert row["own_tokens_per_month"] == 60 * 2500 * 2_592_000 // 3541
    assert (row["mean_input_tokens"], row["mean_output_tokens"]) == (2000, 500)
    refused = CliRunner().invoke(app, ["--warehouse", str(tmp_path), "break-even", *trace])
    assert refused.exit_code == 2
    assert "--trace and --model belong together" in refused.output
    both = CliRunner().invoke(
        app, ["--warehouse", str(tmp_path), "break-even", *trace, "--model", "a", "--scenario", "support-bot"]
    )
    assert both.exit_code == 2
    assert "are two workloads; leave one out" in both.output


def test_a_server_pays_against_rent_from_a_share_of_its_hours(tmp_path: Path) -> None:
    """The cheapest H100 on demand; the share is where owning it costs as much as those hours rented."""
    (tmp_path / "bot.toml").write_text(BOT)
    answers = _asked(tmp_path / "none", "--scenario", str(tmp_path / "bot.toml"), "--date", "2026-10-10")["answers"]
    assert isinstance(answers, list)
    owned = next(row for row in answers if row["way"] == "owned" and row["gpu"] == "H100")
    on_demand = min(
        Decimal(row["usd_per_gpu_hour"])
        for row in answers
        if (row["way"], row.get("pricing"), row.get("gpu"), row.get("variant"))
        == ("rented", "on_demand", "H100", "SXM")
    )
    machine = next(one for one in owned_machines([("H100", "SXM")], shipped_figures())).machine
    assert machine is not None
    share = Fraction(owned["pays_from_use_share"]).limit_denominator(10**9)
    assert float(monthly_cost(machine, 1, share).total) == pytest.approx(
        float(8 * 730 * on_demand * Decimal(float(share)))
    )
