"""What of a mutated page is wrong in force, and what of that another source prints."""

from tools.page_mutations.road import figure_count, not_elsewhere

SHORT = ("p", "api", "global", "m", "output", "standard", 0, "always")
LONG = (*SHORT[:6], 200_001, "always")
NOW, THEN = "0:00:00", "-183 days, 0:00:00"


def test_a_price_that_another_source_prints_is_excused_for_today_only():
    found = {(*SHORT, NOW): (5, "mtok", None), (*SHORT, THEN): (5, "mtok", None)}
    elsewhere = {(*SHORT, 5, "mtok", None)}
    assert not_elsewhere(list(found), found, elsewhere) == [(*SHORT, THEN)]
    assert not_elsewhere(list(found), found, {(*SHORT, 6, "mtok", None)}) == list(found)


def test_long_prompts_are_excused_with_the_price_that_now_covers_them():
    found = {(*SHORT, NOW): (5, "mtok", None)}
    wrong = [(*SHORT, NOW), (*LONG, NOW)]
    assert not_elsewhere(wrong, found, {(*SHORT, 5, "mtok", None)}) == []
    assert not_elsewhere([(*LONG, NOW)], {}, {(*SHORT, 5, "mtok", None)}) == [(*LONG, NOW)]


def test_one_printed_price_is_one_figure_for_all_its_names():
    other = (*SHORT[:3], "alias", *SHORT[4:])
    good = {(*SHORT, NOW): (5,), (*other, NOW): (5,), (*LONG, NOW): (6,)}
    found = {(*SHORT, NOW): (7,), (*other, NOW): (7,), (*LONG, NOW): (7,)}
    assert figure_count(good, found, [(*SHORT, NOW), (*other, NOW)]) == 1
    assert figure_count(good, found, list(good)) == 2
