"""Outcomes are kept capture by capture, and the document counts them with the state of the code that they are of."""

from tools.page_mutations.outcome_file import add_outcomes, read_outcomes
from tools.page_mutations.outcomes import ONE_FIGURE, Outcome
from tools.page_mutations.page import document

FOUND = [
    Outcome("first pages", "first page x10", "tests/a.md", "held", 0, "4 held"),
    Outcome("cut pages", "cut at 30 %", "tests/a.md", "wrong, told", 3, "1 refused row"),
    Outcome("labels swapped", "two", "tests/a.md", ONE_FIGURE, 1, ""),
]


def test_what_is_added_is_read_again_and_counted(tmp_path):
    file = tmp_path / "outcomes"
    assert list(read_outcomes(file)) == []
    add_outcomes(file, "tests/a.md", "abc", FOUND)
    add_outcomes(file, "tests/refused.md", "abd", [])
    assert list(read_outcomes(file)) == [("tests/a.md", "abc", FOUND), ("tests/refused.md", "abd", [])]
    text = document(list(read_outcomes(file)))
    assert "1 with the code of abc." in text
    assert "| all | 0 | 1 | 0 | 1 | 0 | 0 | 1 | 0 | 3 |" in text
    assert "- a.md (tests): cut pages: cut at 30 %: 3 (1 refused row)" in text
    assert "- a.md (tests): 1: two" in text
