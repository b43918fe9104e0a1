"""When a target is met."""

import json

from benchmarks.result import Result, Target, failed

AT_MOST = Target(ratio=1.4, peak_gib=3)
AT_LEAST = Target(ratio=500, at_least=True)


def _result(ratio: float, target: Target, peak_gib: float = 1.0, *, is_equal: bool = True) -> Result:
    return Result("pricing", ratio, target, {"peak_gib": peak_gib}, {"peak_gib": 1.0}, is_equal)


def test_both_parts_of_a_target_count() -> None:
    assert _result(1.4, AT_MOST).is_met
    assert not _result(1.41, AT_MOST).is_met
    assert not _result(1.0, AT_MOST, peak_gib=3.1).is_met


def test_a_ratio_may_have_to_be_large() -> None:
    assert _result(500, AT_LEAST).is_met
    assert not _result(499, AT_LEAST).is_met


def test_a_fast_wrong_answer_meets_nothing() -> None:
    assert not _result(1.0, AT_MOST, is_equal=False).is_met


def test_a_comparison_that_failed_says_why_on_its_line() -> None:
    line = json.loads(failed("pricing", AT_MOST, "ended at 14 GiB").line())
    assert line["ratio"] is None
    assert line["is_met"] is False
    assert line["failed"] == "ended at 14 GiB"
