"""Traces of real services, against the figures that were computed from them outside this project."""

from fractions import Fraction
from pathlib import Path

import pytest

from pipelines.decisions.trace import read_trace, workload_of_trace
from pipelines.models.user_csv import UserFileError

TRACES = Path(__file__).resolve().parents[3].parent / "shared" / "traces"


def test_mooncake_to_the_token() -> None:
    trace = read_trace(TRACES / "mooncake_conversation.jsonl")
    assert (trace.calls, trace.input_tokens, trace.output_tokens) == (12_031, 144_793_823, 4_122_048)
    assert trace.cache_read_tokens == 54_098_411
    month = workload_of_trace(trace)
    assert round(float(month.cached_share), 4) == 0.3736
    assert month.mean_input_tokens == Fraction(144_793_823, 12_031)


@pytest.mark.parametrize(
    ("file", "calls", "tokens_in", "tokens_out", "peak"),
    [
        ("azure2023_code.csv", 8_819, 18_059_974, 245_896, 2.99),
        ("azure2023_conv.csv", 19_366, 22_361_870, 4_088_665, 1.56),
    ],
)
def test_azure(file: str, calls: int, tokens_in: int, tokens_out: int, peak: float) -> None:
    trace = read_trace(TRACES / file)
    assert (trace.calls, trace.input_tokens, trace.output_tokens) == (calls, tokens_in, tokens_out)
    assert trace.cache_read_tokens is None
    # Printed with two decimals, half up: 2.985 and 1.555.
    assert float(trace.peak_over_mean) == pytest.approx(peak, abs=0.0051)


@pytest.mark.parametrize(("size", "peak"), [("small", 2.063), ("mid", 1.828), ("large", 1.862)])
def test_the_peaks_of_servegen(size: str, peak: float) -> None:
    trace = read_trace(TRACES / f"servegen_m-{size}_10min.csv")
    assert round(float(trace.peak_over_mean), 3) == peak
    assert trace.seconds == 14 * 86_400
    with pytest.raises(ValueError, match="rates, not tokens"):
        workload_of_trace(trace)


def test_the_last_block_of_a_prompt_is_not_full(tmp_path: Path) -> None:
    # 600 tokens in two blocks: the second call reads both, 600 and not 1,024; the third reads the first block only.
    rows = [(600, "[1, 2]"), (600, "[1, 2]"), (1200, "[1, 3, 4]")]
    file = tmp_path / "own.jsonl"
    file.write_text(
        "\n".join(
            f'{{"timestamp": {number * 1000}, "input_length": {tokens}, "output_length": 1, "hash_ids": {blocks}}}'
            for number, (tokens, blocks) in enumerate(rows)
        )
    )
    trace = read_trace(file)
    assert trace.cache_read_tokens == 600 + 512
    assert trace.seconds == 3


def test_a_mistake_names_file_and_line(tmp_path: Path) -> None:
    file = tmp_path / "own.jsonl"
    file.write_text('{"timestamp": 1, "input_length": 1, "output_length": 1, "hash_ids": [1]}\n{"timestamp": 2}\n')
    with pytest.raises(UserFileError, match=r"own.jsonl line 2: .*write timestamp"):
        read_trace(file)
    other = tmp_path / "own.csv"
    other.write_text("a,b\n1,2\n")
    with pytest.raises(UserFileError, match=r"own.csv line 1: no known trace"):
        read_trace(other)
    with pytest.raises(UserFileError, match="no file"):
        read_trace(tmp_path / "none.csv")
