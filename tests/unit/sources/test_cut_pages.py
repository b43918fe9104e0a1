"""Pages that end or begin in the middle say so by their own marks; whole ones, and excerpts without marks, do not."""

import pytest

from pipelines.sources.cut_pages import cut_reason

TABLE = b"<table><tr><td>$3</td></tr></table>"
WHOLE = (
    b"<!doctype html>\n<html lang='en'><body class='x'><h1>Prices</h1>\n" + TABLE + b"<p>About</p></body>\n</html>\n"
)
MARKDOWN = b"# Prices\n\n| Model | Input | Output |\n| --- | --- | --- |\n| a | $3 | $15 |\n"


@pytest.mark.parametrize(
    "body",
    [
        WHOLE,
        TABLE,
        b"<!doctype html>" + TABLE + b"<p>tags of the whole left out",
        MARKDOWN,
        MARKDOWN + b"\nAbout a | b\n",
        b"Model | Input\n---|---\na | $3",
        b'{"a": "<html>"}',
        b"",
    ],
)
def test_what_is_whole_is_read(body):
    assert cut_reason(body) is None


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8, 0.97])
def test_a_page_that_ends_early_is_cut(share):
    assert cut_reason(WHOLE[: int(len(WHOLE) * share)]).startswith("the page is cut")


def test_a_page_that_begins_late_is_cut():
    assert "no beginning" in cut_reason(WHOLE[len(WHOLE) // 2 :])


def test_an_excerpt_that_ends_within_a_table_is_cut():
    assert "within a table" in cut_reason(TABLE + TABLE[:20])


@pytest.mark.parametrize("end", [b"| b | $4", b"| b", b"| b | $4 | $2"])
def test_a_markdown_page_that_ends_within_a_row_is_cut(end):
    assert "within a row" in cut_reason(MARKDOWN + end)
