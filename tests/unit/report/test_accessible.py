"""WCAG 2.2 AA of the page, as far as its text can tell; docs/report.md says what a browser and axe-core found beside.

Contrast is computed by the formula of WCAG 2.2 (relative luminance), from the colors in page.css and chart_style.py.
"""

import re
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from pipelines import report
from pipelines.report.chart_style import COLORS, DASHES, LEVELS, dashes_of
from pipelines.report.write_report import write_report
from tests.unit.report.test_write_report import filled

STYLE = (Path(report.__file__).parent / "page.css").read_text()
LIGHT, DARK, PAPER = (dict(re.findall(r"--(\w+): (#\w+)", block)) for block in re.findall(r":root \{([^}]*)\}", STYLE))
TEXTS = ("ink", "soft", "link", "bad", "good", "warn")


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    warehouse = filled(tmp_path_factory.mktemp("small"), 40, 4, 3)
    return BeautifulSoup(write_report(warehouse, date(2026, 10, 10)).file.read_text(), "lxml")


def luminance(color):
    digits = color.removeprefix("#")
    pairs = [one * 2 for one in digits] if len(digits) == 3 else re.findall("..", digits)
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (int(pair, 16) / 255 for pair in pairs)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_the_formula_is_that_of_wcag():
    """Black on white is 21:1, and #767676 the lightest gray that has 4.5:1 on white."""
    assert contrast("#000", "#fff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") < 4.5 < contrast("#767676", "#ffffff")


@pytest.mark.parametrize("theme", [LIGHT, DARK, PAPER], ids=["light", "dark", "paper"])
@pytest.mark.parametrize("ground", ["ground", "panel"])
def test_every_text_has_a_contrast_of_4_5_on_both_of_its_grounds(theme, ground):
    assert {text: contrast(theme[text], theme[ground]) >= 4.5 for text in TEXTS} == dict.fromkeys(TEXTS, True)


@pytest.mark.parametrize("theme", [LIGHT, DARK, PAPER], ids=["light", "dark", "paper"])
def test_every_mark_has_a_contrast_of_3(theme):
    assert min(contrast(mark, theme["ground"]) for mark in (*COLORS, *LEVELS.values())) >= 3


def test_neighboring_lines_differ_in_more_than_their_color():
    dashes = dashes_of([str(number) for number in range(9)]).to_dict()["range"]
    assert all(one != other for one, other in pairwise(dashes))
    assert len({tuple(dash) for dash in dashes}) == len(DASHES)


def test_headings_go_down_one_step_at_a_time_from_one_title(page):
    levels = [int(heading.name[1]) for heading in page.select("h1, h2, h3, h4, h5, h6")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_there_is_a_language_a_title_and_one_of_each_landmark(page):
    assert page.html["lang"] == "en"
    assert page.title.text.strip()
    assert [len(page.select(name)) for name in ("body > header", "main", "body > footer", "nav")] == [1, 1, 1, 1]
    assert page.select_one("a.skip")["href"] == "#" + page.main["id"]


def test_every_region_has_a_name_of_its_own(page):
    named = [one["aria-label"] for one in page.select("[role=region]")]
    assert len(named) >= 3
    assert len(set(named)) == len(named)
    for section in page.select("section"):
        assert page.select_one("#" + section["aria-labelledby"]).name == "h2"


def test_every_table_has_a_caption_and_headers_with_a_scope(page):
    for table in page.select("table"):
        assert table.caption.text.strip()
        assert {header.get("scope") for header in table.select("th")} == {"col"}
        assert all(header.text.strip() for header in table.select("th"))


def test_every_link_has_a_name_and_leads_somewhere(page):
    ids = {one["id"] for one in page.select("[id]")}
    for link in page.select("a[href]"):
        assert link.text.strip()
        assert not link["href"].startswith("#") or link["href"][1:] in ids
    assert len(ids) == len(page.select("[id]"))


def test_every_chart_has_words_and_what_scrolls_can_be_reached_with_the_keyboard(page):
    for figure in page.select("figure"):
        assert figure.figcaption.text.strip()
        assert figure.select_one(".live")["aria-label"].strip()
    assert all(one.get("tabindex") == "0" for one in page.select(".scroll, pre"))


def test_focus_is_seen_targets_are_large_enough_and_nothing_moves_unasked():
    assert re.search(r":focus-visible \{ outline: 3px solid", STYLE)
    assert "outline: none" not in STYLE
    for target in ("nav a", ".figure dd a"):
        assert re.search(re.escape(target) + r" \{[^}]*min-height: 24px", STYLE)
    assert "animation" not in STYLE
    assert re.findall(r"scroll-behavior", STYLE.split("prefers-reduced-motion: no-preference")[0]) == []
