"""What a person reads in a cell: no footnote, nothing struck through or hidden; raised cents stay told apart."""

import pytest
from bs4 import BeautifulSoup

from pipelines.sources.markdown_tables import plain_markdown
from pipelines.sources.page_tables import cell_text

CELLS = [
    ("$10.00<sup>1</sup>", "$10.00"),
    ("$10.00<sup>[1]</sup>", "$10.00"),
    ("$10.00<sub>2</sub>", "$10.00"),
    ('$10.00<span class="footnote">3</span>', "$10.00"),
    ("$10.00<sup>*</sup>", "$10.00"),
    ("<s>$5.00</s> $4.00", "$4.00"),
    ("<del>$5.00</del>$4.00", "$4.00"),
    ("<strike>$5.00</strike> $4.00", "$4.00"),
    ('<span style="text-decoration: line-through">$5.00</span> $4.00', "$4.00"),
    ('<span class="line-through">$5.00</span> $4.00', "$4.00"),
    ('<span style="display: none">$5.00</span>$4.00', "$4.00"),
    ("<span hidden>$5.00</span>$4.00", "$4.00"),
    ('<span class="hidden">$5.00</span>$4.00', "$4.00"),
    ('<span class="hidden md:block">$5.00</span>', "$5.00"),
    ("H<sub>2</sub>O", "H2O"),
    ("$7<sup>.5</sup>", "$7.5"),
]


@pytest.mark.parametrize(("markup", "text"), CELLS)
def test_a_cell_reads_as_a_person_reads_it(markup, text):
    assert cell_text(BeautifulSoup(f"<td>{markup}</td>", "lxml").td) == text


def test_raised_cents_are_no_further_digits():
    """Whether they are cents or a footnote nobody can tell: what is left is no price and is refused."""
    assert cell_text(BeautifulSoup("<td>$7<sup>50</sup></td>", "lxml").td) == "$7^50"


@pytest.mark.parametrize(("markdown", "text"), [("~~$5.00~~ $4.00", "$4.00"), ("$10.00<sup>1</sup>", "$10.00")])
def test_markdown_reads_the_same(markdown, text):
    assert plain_markdown(markdown) == text
