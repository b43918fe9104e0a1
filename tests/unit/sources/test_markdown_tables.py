"""Tables of Markdown texts, cell by cell as a Markdown reader shows them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.sources.markdown_tables import markdown_tables
from pipelines.sources.page_tables import html_tables


@pytest.mark.parametrize(
    "text",
    [
        "## Prices\n| Model | In |\n|:---|---:|\n| [`gpt-5`](https://x.org/a) | $1 |\n",
        "## \nPrices\nModel | In  \n---|---  \n`gpt-5` | $1  \n",
    ],
)
def test_markdown_with_and_without_outer_pipes(text):
    (table,) = markdown_tables(text)
    assert (table.heading, table.headers, table.rows) == ("Prices", ["Model", "In"], [["gpt-5", "$1"]])


def test_markdown_escaped_pipe_and_line_break_stay_in_the_cell():
    (table,) = markdown_tables("a | b\n---|---\nx \\| y | 1<br>2\n")
    assert table.rows == [["x | y", "1\n2"]]


def test_markdown_tables_in_code_are_no_tables():
    assert markdown_tables("```\na | b\n---|---\n1 | 2\n```\n") == []


def test_markdown_row_of_other_width_is_an_error():
    (table,) = markdown_tables("a | b\n---|---\n1 | 2 | 3\n4 | 5\n\n6 | 7\n")
    assert table.rows == [["4", "5"]]
    assert table.errors == ["3 cells under 2 headers: 1 | 2 | 3"]


@given(st.lists(st.lists(st.from_regex(r"[a-z0-9.]{1,8}", fullmatch=True), min_size=3, max_size=3), max_size=6))
def test_both_forms_of_one_table_read_the_same(rows):
    as_markdown = "a | b | c\n---|---|---\n" + "".join(" | ".join(row) + "\n" for row in rows)
    lines = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    as_html = f"<table><tr><th>a</th><th>b</th><th>c</th></tr>{lines}</table>"
    assert markdown_tables(as_markdown)[0].rows == rows
    assert html_tables(as_html.encode())[0].rows == rows


@given(st.text(alphabet="|-: \\`[]()<>#\na1", max_size=200))
def test_no_markdown_breaks_the_reader(text):
    for table in markdown_tables(text):
        assert all(len(row) == len(table.headers) for row in table.rows)
