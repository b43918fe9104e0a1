"""Mutations of a page's tables and print change what they name and nothing else."""

import pytest

from tools.page_mutations.grid import grids, of
from tools.page_mutations.print_mutations import DIGITS, KEYS
from tools.page_mutations.table_mutations import MOVED, REPEATED

MARKDOWN = "# Prices\n\n| Model | Input | Output |\n| --- | --- | --- |\n| a | $1.25 | $2 |\n| b | $3 | $4 |\n\nEnd.\n"
HTML = (
    "<h1>Prices</h1><table><tr><th>Model</th><th>Input</th><th>Output</th></tr>"
    "<tr><td>a</td><td>$1.25</td><td>$2</td></tr><tr><td>b</td><td>$3</td><td>$4</td></tr></table>"
)
COMPONENT = 'rows={[\n  ["a", 1.25, 2],\n  ["b", 3, 4],\n]}\n'


def printed(text: str) -> list[list[str]]:
    return [[of(text, cell).strip() for cell in row.cells] for grid in grids(text) for row in grid.rows]


@pytest.mark.parametrize("page", [MARKDOWN, HTML])
def test_tables_are_read_as_printed(page: str):
    assert printed(page) == [["a", "$1.25", "$2"], ["b", "$3", "$4"]]


def test_rows_of_a_component_are_a_table_without_header():
    assert [grid.header for grid in grids(COMPONENT)] == [None]
    assert printed(MOVED["names one row down"](COMPONENT)) == [['"b"', "1.25", "2"], ['"a"', "3", "4"]]


@pytest.mark.parametrize("page", [MARKDOWN, HTML])
def test_cells_move_and_the_rest_of_the_page_stays(page: str):
    exchanged = MOVED["names of two neighbours exchanged"](page)
    assert printed(exchanged) == [["b", "$1.25", "$2"], ["a", "$3", "$4"]]
    assert sorted(exchanged) == sorted(page)
    assert printed(MOVED["first prices one row up"](page)) == [["a", "$3", "$2"], ["b", "$3", "$4"]]
    assert printed(MOVED["first and last price of each row exchanged"](page))[0] == ["a", "$2", "$1.25"]
    assert printed(REPEATED["each second row gone"](page)) == [] or "a" not in printed(page)[0]
    assert "$1.25" not in REPEATED["each second row gone"](page)


def test_figures_and_labels_change_where_they_stand():
    assert DIGITS["comma for the point"](MARKDOWN).count("$1,25") == 1
    assert DIGITS["full width digits"]("$20") == "$\uff12\uff10"
    assert KEYS["200K as 20K"]("over 200K and 1,200k") == "over 20K and 1,200k"
