"""Tables of HTML pages, cell by cell as a browser shows them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.sources.page_tables import MAX_TABLES, UNSEEN_PRICE, html_tables
from pipelines.sources.parsed import ParseError

TWO_ROW_HEADER = """<h2>Text&nbsp;tokens</h2><table>
<thead><tr><th></th><th colspan="2">Short context</th><th colspan="2">Long context</th></tr>
<tr><th>Model</th><th>Input</th><th>Output</th><th>Input</th><th>Output</th></tr></thead>
<tbody><tr><td>gpt-5.5</td><td>$5.00</td><td>$30.00</td><td>$10.00</td><td>$45.00</td></tr></tbody></table>"""


def test_two_header_rows_are_joined_by_column():
    (table,) = html_tables(TWO_ROW_HEADER.encode())
    assert table.heading == "Text tokens"
    assert table.headers == [
        "Model",
        "Short context / Input",
        "Short context / Output",
        "Long context / Input",
        "Long context / Output",
    ]
    assert table.rows == [["gpt-5.5", "$5.00", "$30.00", "$10.00", "$45.00"]]


def test_rowspan_is_carried_down_and_ends():
    (table,) = html_tables(
        b"<table><tr><th>Model</th><th>Kind</th></tr><tr><td rowspan=2>a</td><td>x</td></tr>"
        b"<tr><td>y</td></tr><tr><td>b</td><td>z</td></tr></table>"
    )
    assert table.rows == [["a", "x"], ["a", "y"], ["b", "z"]]


def test_rowspan_in_the_last_column_is_carried_down():
    (table,) = html_tables(
        b"<table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td rowspan=2>s</td></tr><tr><td>2</td></tr></table>"
    )
    assert table.rows == [["1", "s"], ["2", "s"]]


def test_cell_text_is_cleaned():
    cell = "\ue09agpt\u20115<br>$1\u00a0/\u00a0MTok<sup>1</sup><hr>note"
    (table,) = html_tables(f"<table><tr><th>A</th></tr><tr><td>{cell}</td></tr></table>".encode())
    assert table.rows == [["gpt-5\n$1 / MTok\nnote"]]


def test_scripts_and_comments_are_no_text():
    (table,) = html_tables(b"<table><tr><th>A</th></tr><tr><td>1<!-- 2 --><script>3</script></td></tr></table>")
    assert table.rows == [["1"]]


def test_a_row_of_other_width_is_an_error_that_the_caller_sees():
    (table,) = html_tables(
        b"<table><tr><th>A</th><th>B</th></tr><tr><td>1</td></tr><tr><td>2</td><td>3</td></tr></table>"
    )
    assert table.rows == [["2", "3"]]
    assert table.errors == ["1 cells under 2 headers: 1"]


def test_a_table_without_headers_is_an_error():
    (table,) = html_tables(b"<table><tr><td>1</td></tr></table>")
    assert table.errors == ["no header row"]


@pytest.mark.parametrize("span", ["-1", "0", "x", "99999", "1e3", ""])
def test_unreadable_spans_count_as_one(span):
    (table,) = html_tables(f'<table><tr><th>A</th></tr><tr><td rowspan="{span}">1</td></tr></table>'.encode())
    assert table.rows == [["1"]]


def test_a_huge_colspan_is_bounded():
    (table,) = html_tables(b"<table><tr><th>A</th></tr><tr><td colspan=9999>1</td></tr></table>")
    assert table.rows == []
    assert table.errors[0].startswith("100 cells under 1 headers")


def test_tables_inside_tables_are_their_own():
    outer, inner = html_tables(
        b"<table><tr><th>A</th></tr><tr><td><table><tr><th>B</th></tr><tr><td>2</td></tr></table></td></tr></table>"
    )
    assert outer.headers == ["A"]
    assert (inner.headers, inner.rows) == (["B"], [["2"]])


def test_too_many_tables_are_refused():
    with pytest.raises(ParseError, match="tables"):
        html_tables(b"<table></table>" * (MAX_TABLES + 1))


@given(
    st.lists(
        st.sampled_from(["<table>", "<tr>", "<td rowspan=3>", "<th colspan=2>", "</tr>", "</table>", "x", "<sup>"])
    )
)
def test_no_markup_breaks_the_reader(parts):
    for table in html_tables("".join(parts).encode()):
        assert all(len(row) == len(table.headers) for row in table.rows)


def test_a_row_of_one_cell_that_spans_down_is_no_row():
    page = b"<table><tr><th>a</th><th>b</th></tr><tr><td rowspan=2>x</td></tr><tr><td>1</td></tr></table>"
    (table,) = html_tables(page)
    assert (table.rows, table.errors) == ([["x", "1"]], [])


def test_rows_that_end_early_are_filled_if_asked():
    page = b"<table><tr><th>a</th><th>b</th><th>c</th></tr><tr><td>x</td><td>1</td></tr><tr><td>y</td></tr></table>"
    (table,) = html_tables(page, is_padded=True)
    assert (table.rows, table.errors) == ([["x", "1", ""]], ["1 cells under 3 headers: y"])


@pytest.mark.parametrize("cell", ["<s>$2.9</s>", '<span style="display:none">€2</span>', "<del> $ 3 </del> "])
def test_a_cell_whose_only_price_is_struck_or_hidden_is_not_empty(cell):
    (table,) = html_tables(f"<table><tr><th>a</th></tr><tr><td>{cell}</td></tr></table>".encode())
    assert table.rows == [[UNSEEN_PRICE]]
    (table,) = html_tables(b"<table><tr><th>a</th></tr><tr><td><s>old</s></td></tr></table>")
    assert table.rows == [[""]]
