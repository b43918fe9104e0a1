"""throughput.csv, figures.csv and stand_ins.csv: what counts, and what is told of a mistake."""

from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.decisions.self_hosting.figures import COLUMNS as FIGURE_COLUMNS
from pipelines.decisions.self_hosting.figures import USER_FILE as FIGURES_FILE
from pipelines.decisions.self_hosting.figures import parse_figures
from pipelines.decisions.self_hosting.measured_table import COLUMNS, USER_FILE, parse_measurements, shipped_measurements
from pipelines.decisions.user_facts import STAND_INS, StandIn, parse_stand_ins, user_facts
from pipelines.models.user_csv import UserFileError

HEADER = ",".join(COLUMNS)
LINE = "mine,My-7B,H100,SXM,fp8,vLLM 0.12,TP1,1,1000,500,concurrent,64,3000.5,,0.4,45,2026-11-01,own run,solid"
CELLS = dict(zip(COLUMNS, LINE.split(","), strict=True))


def _file(**changes: str) -> bytes:
    return f"{HEADER}\n{','.join((CELLS | changes)[name] for name in COLUMNS)}\n".encode()


def test_a_measurement_of_the_users_own_is_added_and_wins_over_a_shipped_one(tmp_path: Path) -> None:
    shipped = shipped_measurements()[0]
    (tmp_path / USER_FILE).write_bytes(_file(throughput_id=shipped.throughput_id) + LINE.encode())
    facts = user_facts(tmp_path)
    assert len(facts.points) == len(shipped_measurements()) + 1
    assert [p.model for p in facts.points if p.throughput_id == shipped.throughput_id] == ["My-7B"]
    assert facts.points[-1].out_tok_s_per_gpu == Decimal("3000.5")
    assert facts.problems == ()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"gpu": ""}, "line 2: gpu is empty"),
        ({"load": "busy"}, "line 2: load 'busy'; write one of queued, concurrent, goal, single_stream"),
        ({"tier": "good"}, "line 2: tier 'good'; write one of solid, medium, weak, modelled"),
        ({"input_tokens": "1k"}, "line 2: input_tokens '1k'; write a whole number from 1, such as 1024"),
        ({"out_tok_s_per_gpu": "-3"}, "line 2: out_tok_s_per_gpu '-3'; write a number above 0"),
        ({"out_tok_s_per_gpu": "NaN"}, "line 2: out_tok_s_per_gpu 'NaN'; write a number above 0"),
        ({"out_tok_s_per_gpu": ""}, "line 2: no rate; write out_tok_s_per_gpu"),
        ({"gpus_per_replica": "0"}, "line 2: gpus_per_replica '0'; write a whole number from 1"),
    ],
)
def test_a_mistake_is_told_with_line_and_remedy(changes: dict[str, str], told: str) -> None:
    with pytest.raises(UserFileError, match="line 2") as error:
        parse_measurements(Path("throughput.csv"), _file(**changes))
    assert told in str(error.value)


def test_one_id_cannot_stand_twice() -> None:
    with pytest.raises(UserFileError, match="line 3: throughput_id 'mine' is twice"):
        parse_measurements(Path("throughput.csv"), _file() + LINE.encode())


def test_another_header_is_refused() -> None:
    with pytest.raises(UserFileError, match="line 1: the header is 'model,gpu'"):
        parse_measurements(Path("throughput.csv"), b"model,gpu\nA,B\n")


def test_stand_ins_by_api_model() -> None:
    text = b"api_model,open_model,acceptance_share\ngpt-5,DeepSeek-R1-0528,0.95\no3,Qwen3-32B,\n"
    assert parse_stand_ins(Path("stand_ins.csv"), text) == {
        "gpt-5": StandIn("DeepSeek-R1-0528", Decimal("0.95")),
        "o3": StandIn("Qwen3-32B", Decimal(1)),
    }


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("gpt-5,,1", "line 2: a model is missing"),
        ("gpt-5,Qwen3-32B,95", "line 2: acceptance_share '95'; write a share above 0 and up to 1"),
        ("gpt-5,Qwen3-32B,0", "line 2: acceptance_share '0'"),
        ("gpt-5,A,1\ngpt-5,B,1", "line 3: gpt-5 is twice"),
    ],
)
def test_a_wrong_stand_in_is_told(line: str, told: str) -> None:
    with pytest.raises(UserFileError) as error:
        parse_stand_ins(Path("stand_ins.csv"), f"api_model,open_model,acceptance_share\n{line}\n".encode())
    assert told in str(error.value)


def test_the_last_good_state_counts_while_a_file_has_a_mistake(tmp_path: Path) -> None:
    file = tmp_path / STAND_INS
    file.write_text("api_model,open_model,acceptance_share\ngpt-5,Qwen3-32B,0.9\n")
    assert user_facts(tmp_path, keep=True).problems == ()
    file.write_text("api_model,open_model,acceptance_share\ngpt-5,Qwen3-32B,90\n")
    facts = user_facts(tmp_path)
    assert facts.stand_ins == {"gpt-5": StandIn("Qwen3-32B", Decimal("0.9"))}
    assert len(facts.problems) == 1
    assert "stand_ins.csv line 2" in facts.problems[0].text


def test_a_figure_of_the_users_own_takes_the_place_of_the_shipped_one(tmp_path: Path) -> None:
    line = "kwh-us-commercial,0.08,0.09,USD/kWh,2026-11-01,my contract,solid"
    (tmp_path / FIGURES_FILE).write_text(f"{','.join(FIGURE_COLUMNS)}\n{line}\n")
    figures = user_facts(tmp_path).figures
    assert (figures["kwh-us-commercial"].value, figures["kwh-us-commercial"].high) == (Decimal("0.08"), Decimal("0.09"))
    assert figures["pue-2025"].value == Decimal("1.54")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("kwh,0.08,,USD/kWh,2026,me,solid", "line 2: no figure is called 'kwh'"),
        ("kwh-us-commercial,0.08,,EUR/kWh,2026,me,solid", "line 2: the unit of kwh-us-commercial is 'USD/kWh'"),
        ("kwh-us-commercial,cheap,,USD/kWh,2026,me,solid", "line 2: value 'cheap'; write a number"),
        ("kwh-us-commercial,0.2,0.1,USD/kWh,2026,me,solid", "line 2: high 0.1 is below value 0.2"),
    ],
)
def test_a_wrong_figure_is_told(line: str, told: str) -> None:
    with pytest.raises(UserFileError) as error:
        parse_figures(Path("figures.csv"), f"{','.join(FIGURE_COLUMNS)}\n{line}\n".encode())
    assert told in str(error.value)
