"""Which columns fit, and how wide: figures whole, what is needed there, what is left out named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.cli.views.column_choice import BORDER, choose_columns, longest_word, widest_line, widths_of

NAMES = ["model", "tier", "usd", "as_of", "why"]
TEXTS = [
    ["gpt-4o", "o3"],
    ["batch", "flex"],
    ["1,234.50", "2.00"],
    ["2026-10-10", "2026-10-10"],
    ["the page of the provider has said so since May", ""],
]
# On one line: 6 + 5 + 8 + 10 + 46 and four borders of 3; the sentence folded to 24: 65.


def choice(width, main=("model", "usd")):
    return choose_columns(NAMES, TEXTS, main, width)


def test_all_columns_where_they_fit_and_sentences_are_folded_first():
    assert choice(87).widths == (6, 5, 8, 10, 46)
    assert choice(65).widths == (6, 5, 8, 10, 24)
    assert choice(65).left_out == ()


def test_what_is_the_same_in_every_row_goes_first_and_is_told():
    found = choice(64)
    assert [NAMES[place] for place in found.places] == ["model", "tier", "usd", "why"]
    assert found.same == {"as_of": "2026-10-10"}
    assert found.left_out == ()


def test_then_the_last_column_that_is_not_needed():
    assert choice(51).left_out == ("why",)
    assert choice(20).left_out == ("tier", "why")
    assert choice(17).places == (0, 2)


@pytest.mark.parametrize(("width", "main"), [(16, ("model", "usd")), (64, None)])
def test_no_choice_where_what_is_needed_does_not_fit(width, main):
    assert choice(width, main) is None


def test_one_row_has_nothing_in_every_row():
    assert choose_columns(["a", "b"], [["x"], ["y" * 9]], ("a",), 5).left_out == ("b",)


def test_words_give_way_before_figures_and_the_widest_first():
    assert widths_of([30, 20, 12], [5, 5, 6], [False, False, True], 52) == (20, 20, 12)
    assert widths_of([30, 20, 12], [5, 5, 6], [False, False, True], 17) == (5, 5, 7)
    assert widths_of([30, 20, 12], [5, 5, 6], [False, False, True], 15) is None


def test_wide_characters_take_two_places():
    assert (widest_line(["モデル", "ab\nabc"]), longest_word(["モデル a", "abcd"])) == (6, 6)


@given(
    st.lists(st.lists(st.text("ab 1.", max_size=60), min_size=2, max_size=2), min_size=1, max_size=6),
    st.integers(1, 120),
    st.integers(0, 6),
)
def test_a_choice_fits_holds_each_word_and_names_every_column_once(texts, width, needed):
    names = [f"c{place}" for place in range(len(texts))]
    found = choose_columns(names, texts, names[:needed], width)
    if found is None:
        return
    assert sum(found.widths) + BORDER * (len(found.places) - 1) <= width
    assert all(room >= longest_word(texts[place]) for place, room in zip(found.places, found.widths, strict=True))
    assert sorted([*(names[place] for place in found.places), *found.same, *found.left_out]) == names
    assert set(names[:needed]) <= {names[place] for place in found.places}
