"""Costs of two sides, row by row: what is equal, what has a known cause, what is left."""

from benchmarks.peers import Priced, compared

EQUAL = Priced("openai", "gpt-5", prompt=10, cache_read=0, cache_written=0, ours=0.1 + 0.2, theirs=0.3)
UNKNOWN = Priced("openai", "gpt-9", prompt=10, cache_read=0, cache_written=0, ours=2.0, theirs=None)
DEARER = Priced("google", "gemini", prompt=10, cache_read=5, cache_written=0, ours=1.0, theirs=4.0)
CAUSES = [("no such model", lambda row: row.theirs is None), ("old cache price", lambda row: row.cache_read > 0)]


def test_each_row_is_counted_once_under_the_first_cause_that_fits() -> None:
    found = compared([EQUAL, UNKNOWN, DEARER, DEARER], CAUSES)
    assert found["equal"] == {"rows": 1, "usd_ours": 0.3, "usd_theirs": 0.3}
    assert found["differences"] == {
        "no such model": {"rows": 1, "usd_ours": 2.0, "usd_theirs": 0.0},
        "old cache price": {"rows": 2, "usd_ours": 2.0, "usd_theirs": 8.0},
    }
    assert found["unexplained"] == []


def test_a_difference_without_a_cause_is_shown() -> None:
    assert [row["model"] for row in compared([DEARER, EQUAL], [])["unexplained"]] == ["gemini"]


def test_a_millionth_of_the_cost_is_a_difference() -> None:
    near = Priced("openai", "gpt-5", prompt=10, cache_read=0, cache_written=0, ours=1.0, theirs=1.000001)
    assert not near.is_equal
