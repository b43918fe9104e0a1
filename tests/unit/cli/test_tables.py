"""Values as text for a person: digits as they are, bounded, without markup."""

from decimal import Decimal

import pytest

from pipelines.cli.views.tables import cell


@pytest.mark.parametrize(
    ("value", "text"),
    [(Decimal("0E-12"), "0.000000000000"), (Decimal("1E+3"), "1000"), (Decimal("1.50"), "1.50"), (None, "")],
)
def test_an_amount_is_never_in_powers_of_ten(value, text):
    assert cell(value) == text
